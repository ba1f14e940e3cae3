import type { Locator, Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type ConsolePage, openConsolePage } from "../helpers/console-page.ts";
import { findChromium } from "../helpers/find-chromium.ts";

const destinations = "/v1/workspaces/ws_1/destinations";
/** No server listens on this port. */
const GONE = "https://127.0.0.1:1024/gone";
const WAIT = { timeout: 15_000 };
const wanted = findChromium() !== undefined || process.env["CI"] === "true";

describe.runIf(wanted)("an error message in the console", () => {
  let opened: ConsolePage;
  let page: Page;
  /** The id of the destination with the path /8. */
  let last: string;

  beforeAll(async () => {
    opened = await openConsolePage();
    page = opened.page;
    for (let number = 0; number < 9; number++) {
      last = await opened.user.createDestination("ws_1", `/${number}`);
    }
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("heading", { name: "/8" }).waitFor();
  }, 120_000);
  afterEach(() => void (opened.complaints.length = 0)); // the browser itself reports refusals
  afterAll(() => opened?.close());

  const status = () => page.getByRole("status");
  const message = () => status().textContent();
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

  /** Presses Test on the last card, with this response of the API. */
  const answerTest = async (answer: Parameters<Route["fulfill"]>[0]): Promise<void> => {
    await page.route("**/test", (route) => route.fulfill(answer), { times: 1 });
    await page.getByRole("button", { name: "Test: /8" }).click();
  };

  it("stays in view at the end of a long page", async () => {
    await answerTest({ status: 500, json: { title: "Out of order" } });
    await expect.poll(message, WAIT).toContain("Out of order.");
    expect(await page.evaluate("scrollY")).toBeGreaterThan(500);
    expect(await isInView(status())).toBe(true);
  });

  it("is shown beside a form's button too, and announced once to screen readers", async () => {
    const alert = await refuseCreation();
    expect(await isInView(alert)).toBe(true);
    expect(await isInView(page.locator("#echo"))).toBe(true);
    expect(await page.locator("#echo").textContent()).toBe(await alert.textContent());
    expect(await page.locator("#echo").getAttribute("aria-hidden")).toBe("true");
    expect(await status().textContent()).toBe("");
    await page.locator('input[name="url"]').fill(`${opened.stack.receiver.url}/allowed`);
    await page.getByRole("button", { name: "Create" }).click();
    await expect.poll(message, WAIT).toContain("Reserved was created");
    expect(await alert.count()).toBe(0);
    expect(await page.locator("#echo").textContent()).toBe("");
  });

  it("joins the API's sentences, and names the field when they do not", async () => {
    const problem = { title: "It may not be", detail: "Ask again", field: "url" };
    await answerTest({ status: 400, json: problem });
    await expect.poll(message, WAIT).toContain("It may not be (url). Ask again.");
    await answerTest({ status: 400, json: { ...problem, detail: "url must be another." } });
    await expect.poll(message, WAIT).toContain("It may not be. url must be another.");
  });

  it("has its own text for errors that arise before the API", async () => {
    await answerTest({
      status: 429,
      headers: { "retry-after": "12" },
      json: { message: "Too Many Requests" },
    });
    await expect
      .poll(message, WAIT)
      .toContain("Too many requests: nothing was done. Wait 12 s, then try again.");
    await answerTest({ status: 502, body: "<html>" });
    await expect
      .poll(message, WAIT)
      .toContain("Trailcast has an internal error (502). Try again in a moment.");
  });

  it("says what to do when there is no response, and whether the action may have been carried out", async () => {
    await page.route("**/test", (route) => route.abort(), { times: 1 });
    await page.getByRole("button", { name: "Test: /8" }).click();
    await expect.poll(message, WAIT).toContain("Trailcast did not answer. The change may have been made");
    await page.route("**/destinations?*", (route) => route.abort(), { times: 1 });
    await page.getByRole("button", { name: "Refresh" }).click();
    await expect.poll(message, WAIT).toContain("Trailcast did not answer. Check whether you are online");
    expect(await page.content()).not.toContain("TypeError");
  });

  it("marks a test event that the receiver refused", async () => {
    await opened.user.api.call("PATCH", `${destinations}/${last}`, { url: GONE }, { "if-match": "*" });
    await page.getByRole("button", { name: "Test: /8" }).click();
    await expect.poll(message, WAIT).toContain("/8 did not accept the test event.");
    expect(await status().getAttribute("class")).toBe("bad");
    const heading = page.getByRole("heading", { name: "Test event: not delivered" });
    expect(await heading.getAttribute("class")).toBe("bad");
  });

  it("explains in plain words that a destination was changed meanwhile", async () => {
    await page.getByRole("button", { name: "Edit: /8" }).click();
    const form = page.getByRole("form", { name: "Edit /8" });
    await form.getByLabel("Event types").fill("pro.atmos.billing.*");
    await opened.user.api.call("PATCH", `${destinations}/${last}`, { name: "Nine" }, { "if-match": "*" });
    await form.getByRole("button", { name: "Save" }).click();
    const refusal = form.getByRole("alert");
    await expect
      .poll(() => refusal.textContent(), WAIT)
      .toContain("This destination was changed in the meantime, so nothing was saved.");
    expect(await form.getByRole("alert").textContent()).not.toMatch(/ETag|If-Match/);
    expect(await form.getByLabel("Event types").inputValue()).toBe("pro.atmos.billing.*");
  });
});
