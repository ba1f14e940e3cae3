import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsolePage, openConsolePage } from "../helpers/console-page.ts";
import { type EchoingReceiver, startEchoingReceiver } from "../helpers/echoing-receiver.ts";
import { findChromium } from "../helpers/find-chromium.ts";

const wanted = findChromium() !== undefined || process.env["CI"] === "true";

describe.runIf(wanted)("credentials in the console", () => {
  let opened: ConsolePage;
  let page: Page;
  let receiver: EchoingReceiver;

  beforeAll(async () => {
    opened = await openConsolePage();
    page = opened.page;
    receiver = await startEchoingReceiver(opened.stack.dir);
  }, 120_000);
  afterAll(async () => {
    receiver?.stop();
    await opened?.close();
  });

  const created = () => page.getByRole("form", { name: "New destination" });
  const edited = () => page.getByRole("form", { name: "Edit Intake" });
  const card = () => page.getByRole("region", { name: "Intake" });
  const openEdit = async (): Promise<void> => {
    await page.getByRole("button", { name: "Edit: Intake" }).click();
    await edited().waitFor();
  };
  /** Saves the form and returns the request body. */
  const save = async (): Promise<unknown> => {
    const sent = page.waitForRequest((request) => request.method() === "PATCH");
    await edited().getByRole("button", { name: "Save" }).click();
    await edited().waitFor({ state: "detached" });
    return (await sent).postDataJSON();
  };
  /** The headers of a test event as the receiver gets them. */
  const arrived = async (): Promise<string> => {
    const before = receiver.requests.length;
    await page.getByRole("button", { name: "Test: Intake" }).click();
    await expect.poll(() => receiver.requests.length, { timeout: 15_000 }).toBe(before + 1);
    return receiver.requests.at(-1) ?? "";
  };

  it("are chosen by their kind, hidden as they are typed, and sent", async () => {
    await created().locator('input[name="name"]').fill("Intake");
    await created().locator('input[name="url"]').fill(`${receiver.url}/echo`);
    await created().locator('select[name="authType"]').selectOption({ label: "Bearer token" });
    expect(await created().locator('input[name="auth.token"]').getAttribute("type")).toBe("password");
    await created().locator('input[name="auth.token"]').fill("first-token");
    await created().getByRole("button", { name: "Create" }).click();
    await card().getByRole("definition").filter({ hasText: "Bearer token" }).waitFor();
    expect(await created().locator('input[name="auth.token"]').count()).toBe(0);
    expect(await arrived()).toContain('"authorization":"Bearer first-token"');
    await page.reload();
    await openEdit();
    expect(await page.content()).not.toContain("first-token");
  });

  it("stay unless another kind is chosen", async () => {
    expect(await edited().locator('select[name="authType"]').inputValue()).toBe("kept");
    await edited().getByLabel("Event types").fill("pro.atmos.billing.*");
    expect(await save()).not.toHaveProperty("auth");
    await openEdit();
    await edited().locator('select[name="authType"]').selectOption({ label: "User name and password" });
    await edited().locator('input[name="auth.username"]').fill("acme");
    await edited().locator('input[name="auth.password"]').fill("second-secret");
    expect(await save()).toHaveProperty("auth", {
      type: "basic",
      username: "acme",
      password: "second-secret",
    });
    const basic = Buffer.from("acme:second-secret").toString("base64");
    expect(await arrived()).toContain(`"authorization":"Basic ${basic}"`);
  });

  it("are what the page names when the receiver answers a test event with 401", async () => {
    const attempt = { id: "whd_1", outcome: "refused", statusCode: 401, error: "HTTP 401", phases: {} };
    const json = { ok: false, attempt };
    await page.route("**/test", (route) => route.fulfill({ status: 200, json }), { times: 1 });
    await page.getByRole("button", { name: "Test: Intake" }).click();
    const advice = card().getByText("The receiver refused the credentials");
    await expect.poll(() => advice.count(), { timeout: 15_000 }).toBe(1);
  });

  it("have to be entered again when the URL moves to another origin, and the refusal says so", async () => {
    await openEdit();
    await edited().locator('input[name="url"]').fill("https://siem.example.com/in");
    await edited().getByRole("button", { name: "Save" }).click();
    const refusal = edited().getByRole("alert").filter({ hasText: "not sent to another origin" });
    await refusal.waitFor();
    expect(await refusal.textContent()).toContain("auth");
    opened.complaints.length = 0; // the browser itself reports the refusal
    await edited().locator('select[name="authType"]').selectOption({ label: "none" });
    expect(await save()).toMatchObject({ url: "https://siem.example.com/in", auth: { type: "none" } });
    await expect
      .poll(() => card().getByRole("definition").filter({ hasText: "User name and password" }).count())
      .toBe(0);
    expect(opened.complaints).toEqual([]);
  });
});
