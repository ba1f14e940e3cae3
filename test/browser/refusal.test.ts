import type { Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type ConsolePage, openConsolePage } from "../helpers/console-page.ts";
import { findChromium } from "../helpers/find-chromium.ts";

const wanted = findChromium() !== undefined || process.env["CI"] === "true";

describe.runIf(wanted)("what the console says", () => {
  let opened: ConsolePage;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsolePage();
    page = opened.page;
    for (let number = 0; number < 9; number++) {
      await opened.user.createDestination("ws_1", `/${number}`);
    }
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("heading", { name: "/8" }).waitFor();
  }, 120_000);
  afterEach(() => void (opened.complaints.length = 0)); // the browser itself reports refusals
  afterAll(() => opened?.close());

  const tells = async (locator: Locator, text: string): Promise<void> => {
    await expect.poll(() => locator.textContent(), { timeout: 15_000 }).toContain(text);
  };
  const status = () => page.getByRole("status");
  const isInView = async (locator: Locator): Promise<boolean> => {
    const box = await locator.boundingBox();
    const height = page.viewportSize()?.height ?? 0;
    return box !== null && box.height > 0 && box.y >= 0 && box.y + box.height <= height;
  };
  const refuseCreation = async (): Promise<Locator> => {
    await page.locator('input[name="name"]').fill("Reserved");
    await page.locator('input[name="url"]').fill("https://localhost/");
    await page.getByRole("button", { name: "Create" }).click();
    const alert = page.getByRole("alert").filter({ hasText: "Deliveries may not go there" });
    await alert.waitFor();
    return alert;
  };

  it("stays in view at the end of a long page", async () => {
    await page.route("**/test", (route) => route.fulfill({ status: 500, json: { title: "Out of order" } }));
    await page.getByRole("button", { name: "Test: /8" }).click();
    await tells(status(), "Out of order");
    expect(await page.evaluate("scrollY")).toBeGreaterThan(500);
    expect(await isInView(status())).toBe(true);
    await page.unroute("**/test");
  });

  it("stands beside the button of a form too, and is read out once", async () => {
    const alert = await refuseCreation();
    expect(await isInView(alert)).toBe(true);
    expect(await isInView(page.locator("#echo"))).toBe(true);
    expect(await page.locator("#echo").textContent()).toBe(await alert.textContent());
    expect(await page.locator("#echo").getAttribute("aria-hidden")).toBe("true");
    expect(await status().textContent()).toBe("");
    await page.locator('input[name="url"]').fill(`${opened.stack.receiver.url}/allowed`);
    await page.getByRole("button", { name: "Create" }).click();
    await tells(status(), "Reserved was created");
    expect(await alert.count()).toBe(0);
    expect(await page.locator("#echo").textContent()).toBe("");
  });
});
