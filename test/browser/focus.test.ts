import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsolePage, openConsolePage } from "../helpers/console-page.ts";
import { findChromium } from "../helpers/find-chromium.ts";
import { waitForArrivals } from "../helpers/flow-stack.ts";

const WAIT = { timeout: 15_000 };
const wanted = findChromium() !== undefined || process.env["CI"] === "true";

describe.runIf(wanted)("the console's focus", () => {
  let opened: ConsolePage;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsolePage();
    page = opened.page;
    await opened.user.createDestination("ws_1", "/first", { format: "cloudevents-structured" });
    await opened.user.createDestination("ws_1", "/second");
    await opened.user.post("ws_1", 22);
    await waitForArrivals(opened.stack.receiver, "/first", 22);
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("heading", { name: "/second" }).waitFor();
  }, 120_000);
  afterAll(() => opened?.close());

  /** Moves the focus there and presses Enter, as keyboard users do. */
  const press = async (name: string | RegExp): Promise<void> => {
    const button = page.getByRole("button", { name }).first();
    // Escape returns the focus shortly before the button accepts another press.
    await expect.poll(() => button.getAttribute("aria-disabled"), WAIT).toBeNull();
    await button.focus();
    await page.keyboard.press("Enter");
  };
  const focused = (): Promise<unknown> =>
    page.evaluate(`(({ ariaLabel, name, tagName, textContent }) =>
      ariaLabel ?? (name || (tagName === "BODY" ? tagName : textContent)))(document.activeElement)`);
  const message = () => page.getByRole("status").textContent();

  it("stays on the button that was pressed", async () => {
    await press("Disable: /first");
    await expect.poll(message, WAIT).toContain("is disabled");
    await expect.poll(focused, WAIT).toBe("Enable: /first");
    await page.keyboard.press("Enter");
    await expect.poll(message, WAIT).toContain("resumes");
    await expect.poll(focused, WAIT).toBe("Disable: /first");
    await press("Test: /first");
    await expect.poll(message, WAIT).toContain("accepted the test event");
    await expect.poll(focused, WAIT).toBe("Test: /first");
    await press("Refresh");
    await expect.poll(message, WAIT).toBe("");
    await expect.poll(focused, WAIT).toBe("Refresh");
  });

  it("stays on a button whose action is running, and a second press has no effect", async () => {
    let asked = 0;
    let answer = (): void => undefined;
    const waits = new Promise<void>((resolve) => (answer = resolve));
    await page.route("**/test", async (route) => {
      asked++;
      await waits;
      await route.continue();
    });
    await press("Test: /first");
    const test = page.getByRole("button", { name: "Test: /first" });
    expect(await test.getAttribute("aria-disabled")).toBe("true");
    await page.keyboard.press("Enter");
    await expect.poll(focused, WAIT).toBe("Test: /first");
    answer();
    await expect.poll(message, WAIT).toContain("accepted the test event");
    expect(await test.getAttribute("aria-disabled")).toBeNull();
    expect(asked).toBe(1);
    await page.unroute("**/test");
  });

  it("moves into a form that opens, and back to its button", async () => {
    await press("Edit: /second");
    await expect.poll(focused, WAIT).toBe("name");
    await press("Cancel: edit /second");
    await expect.poll(focused, WAIT).toBe("Edit: /second");
    await press("Edit: /second");
    await expect.poll(focused, WAIT).toBe("name");
    await page.keyboard.press("Enter");
    await expect.poll(message, WAIT).toContain("was changed");
    await expect.poll(focused, WAIT).toBe("Edit: /second");
    await press("Replays: /second");
    await expect.poll(focused, WAIT).toBe("from");
  });

  it("returns after a dialog is closed, and after a secret is dismissed", async () => {
    await press("Rotate secret: /second");
    await expect.poll(focused, WAIT).toBe("Cancel");
    await page.keyboard.press("Escape");
    await expect.poll(focused, WAIT).toBe("Rotate secret: /second");
    await press("Rotate secret: /second");
    await press(/^Rotate$/);
    await expect.poll(focused, WAIT).toBe("Secret of /second");
    await press("I have stored it");
    await expect.poll(focused, WAIT).toBe("Rotate secret: /second");
  });

  it("is restored in a list of deliveries that is redrawn", async () => {
    await press("Deliveries: /first");
    await expect.poll(message, WAIT).toContain("The newest deliveries");
    await expect.poll(focused, WAIT).toBe("Deliveries: /first");
    const rows = page.getByRole("button", { name: /^Details: whd_/ });
    const name = (await rows.nth(1).getAttribute("aria-label")) ?? "";
    const id = name.slice("Details: ".length);
    await press(name);
    await press(`Send again: ${id}`);
    await expect.poll(message, WAIT).toContain("will be sent again by a replay");
    await expect.poll(focused, WAIT).toBe(name);
    await page.getByRole("button", { name: `Send again: ${id}` }).waitFor();
    const before = await rows.count();
    await press("Older: /first");
    await expect.poll(message, WAIT).toContain("more deliveries are shown");
    await expect.poll(focused, WAIT).toBe((await rows.nth(before).getAttribute("aria-label")) ?? "nothing");
  });

  it("does not close what is open for other destinations", async () => {
    await press("Edit: /second");
    const types = page.getByRole("form", { name: "Edit /second" }).getByLabel("Event types");
    await types.fill("pro.atmos.billing.*");
    const times = page.getByRole("form", { name: "Replay to /second" });
    const details = page.getByRole("button", { name: /^Details: whd_/ });
    const rows = await details.count();
    await press("Disable: /first");
    await expect.poll(message, WAIT).toContain("is disabled");
    await opened.user.createDestination("ws_1", "/third");
    await press("Refresh");
    await page.getByRole("heading", { name: "/third" }).waitFor();
    await press("Delete: /third");
    await press(/^Delete$/);
    await expect.poll(message, WAIT).toContain("was deleted");
    await expect.poll(focused, WAIT).toBe("Test: /second");
    expect(await types.inputValue()).toBe("pro.atmos.billing.*");
    expect(await times.count()).toBe(1);
    expect(await details.count()).toBe(rows);
    expect(opened.complaints).toEqual([]);
  });
});
