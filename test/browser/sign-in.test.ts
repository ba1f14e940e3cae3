import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsolePage, openConsolePage } from "../helpers/console-page.ts";
import { findChromium } from "../helpers/find-chromium.ts";

const LIST = "**/destinations?limit=100";
const WAIT = { timeout: 15_000 };
const wanted = findChromium() !== undefined || process.env["CI"] === "true";

describe.runIf(wanted)("the console's token", () => {
  let opened: ConsolePage;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsolePage();
    page = opened.page;
    await opened.user.createDestination("ws_1", "/kept");
  }, 120_000);
  afterAll(() => opened?.close());

  const kept = () => page.evaluate("sessionStorage.getItem('trailcast-session')");
  const card = () => page.getByRole("heading", { name: "/kept" });
  const dialog = () => page.getByRole("dialog", { name: "Sign in again" });
  const freshToken = () =>
    opened.stack.runtime.token({ workspaces: ["ws_1"], scope: "destinations:read destinations:write" });

  it.each([
    ["an answer of 503", 503],
    ["no answer", 0],
  ])("stays after %s, and Retry continues with it", async (_, status) => {
    const before = await kept();
    await page.route(LIST, (route) => (status === 0 ? route.abort() : route.fulfill({ status })));
    await page.reload();
    const retry = page.getByRole("button", { name: "Retry" });
    await retry.waitFor();
    await expect.poll(() => focused(page), WAIT).toBe("Retry");
    expect(await kept()).toBe(before);
    const again = page.waitForRequest(LIST);
    await retry.click();
    await again;
    await expect.poll(() => focused(page), WAIT).toBe("Retry");
    await page.unroute(LIST);
    await retry.click();
    await card().waitFor();
  });

  it.each([401, 403])("is forgotten after a response of %d", async (status) => {
    await page.route(LIST, (route) => route.fulfill({ status }), { times: 1 });
    await page.reload();
    await page.getByLabel("Token").waitFor();
    expect(await kept()).toBeNull();
    expect(await page.locator('input[name="workspace"]').inputValue()).toBe("ws_1");
    await expect.poll(() => page.evaluate("document.activeElement.name"), WAIT).toBe("token");
    await page.getByLabel("Token").fill(await freshToken());
    await page.getByRole("button", { name: "Open" }).click();
    await card().waitFor();
    expect(await kept()).not.toBeNull();
  });

  it("can be replaced when it has expired, and the input is kept", async () => {
    const name = page.locator('input[name="name"]');
    await name.fill("Typed");
    await page.route(
      "**/test",
      (route) => route.fulfill({ status: 401, json: { message: "Unauthorized" } }),
      {
        times: 1,
      },
    );
    await page.getByRole("button", { name: "Test: /kept" }).click();
    await dialog().waitFor();
    expect(await kept()).toBeNull();
    await expect.poll(() => page.evaluate("document.activeElement.name"), WAIT).toBe("token");
    await dialog().getByLabel("Token").fill("not-a-token");
    await dialog().getByRole("button", { name: "Continue" }).click();
    await dialog().getByRole("alert").filter({ hasText: "The token is not valid" }).waitFor();
    const token = await freshToken();
    await dialog().getByLabel("Token").fill(token);
    await dialog().getByRole("button", { name: "Continue" }).click();
    await dialog().waitFor({ state: "detached" });
    expect(await kept()).toContain(token);
    expect(await name.inputValue()).toBe("Typed");
    expect(await focused(page)).toBe("Test: /kept");
    const sent = page.waitForRequest("**/test");
    await page.getByRole("button", { name: "Test: /kept" }).click();
    expect(await (await sent).headerValue("authorization")).toBe(`Bearer ${token}`);
    await page.getByText("Test event: delivered").waitFor();
  });
});

/** The accessible name of the focused element if it is a button. */
function focused(page: Page): Promise<unknown> {
  return page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent");
}
