import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsolePage, openConsolePage } from "../helpers/console-page.ts";
import { type EchoingReceiver, startEchoingReceiver } from "../helpers/echoing-receiver.ts";
import { findChromium } from "../helpers/find-chromium.ts";

const wanted = findChromium() !== undefined || process.env["CI"] === "true";

describe.runIf(wanted)("custom headers in the console", () => {
  let opened: ConsolePage;
  let receiver: EchoingReceiver;
  let page: Page;

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
  const add = async (form: ReturnType<typeof created>, name: string, value: string): Promise<void> => {
    await form.getByRole("button", { name: "Add header" }).click();
    await form.locator('input[name="headerName"]').last().fill(name);
    await form.locator('input[name="headerValue"]').last().fill(value);
  };
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

  it("show the API's message for a reserved name, and keep the input", async () => {
    await created().locator('input[name="name"]').fill("Intake");
    await created().locator('input[name="url"]').fill(`${receiver.url}/echo`);
    await add(created(), "X-Api-Key", "first-key");
    await add(created(), "Host", "elsewhere.example.com");
    await created().getByRole("button", { name: "Create" }).click();
    const refusal = created().getByRole("alert").filter({ hasText: "This header is reserved" });
    await refusal.waitFor();
    expect(await refusal.textContent()).toContain("headers.Host");
    expect(await created().locator('input[name="headerValue"]').first().inputValue()).toBe("first-key");
    opened.complaints.length = 0; // the browser itself reports the refusal
  });

  it("are sent with deliveries, but only their names are shown", async () => {
    await created().getByRole("button", { name: "Remove: this header" }).last().click();
    await add(created(), "X-Tenant", "acme");
    await created().getByRole("button", { name: "Create" }).click();
    await card().getByText("X-Api-Key, X-Tenant").waitFor();
    expect(await created().locator('input[name="headerName"]').count()).toBe(0);
    expect(await arrived()).toMatch(/"x-api-key":"first-key".*"x-tenant":"acme"/);
    await page.reload();
    await openEdit();
    expect(await page.content()).not.toContain("first-key");
  });

  it("stay unchanged unless they are replaced, removed or added", async () => {
    expect(await edited().getByText("kept", { exact: true }).count()).toBe(2);
    await edited().getByLabel("Event types").fill("pro.atmos.billing.*");
    expect(await save()).not.toHaveProperty("headers");
    await openEdit();
    await edited().getByRole("button", { name: "Replace: X-Api-Key" }).click();
    await edited().locator('input[name="headerValue"]').fill("second-key");
    await edited().getByRole("button", { name: "Remove: X-Tenant" }).click();
    await add(edited(), "X-Source", "trailcast");
    expect(await save()).toHaveProperty("headers", {
      "X-Api-Key": "second-key",
      "X-Tenant": null,
      "X-Source": "trailcast",
    });
    await card().getByText("X-Api-Key, X-Source").waitFor();
    const request = await arrived();
    expect(request).toContain('"x-api-key":"second-key"');
    expect(request).not.toContain("x-tenant");
  });

  it("can be removed and set again in one change, but not set twice under one name", async () => {
    await openEdit();
    await add(edited(), "x-api-key", "third-key");
    await edited().getByRole("button", { name: "Save" }).click();
    const twice = edited().locator('input[name="headerName"]:invalid');
    expect(await twice.evaluate((input) => Reflect.get(input, "validationMessage"))).toContain("already");
    await edited().getByRole("button", { name: "Remove: X-Api-Key" }).click();
    expect(await twice.count()).toBe(0);
    expect(await save()).toHaveProperty("headers", { "x-api-key": "third-key" });
    expect(await arrived()).toContain('"x-api-key":"third-key"');
    expect(opened.complaints).toEqual([]);
  });
});
