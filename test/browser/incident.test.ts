import type { Page, Response } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsolePage, openConsolePage } from "../helpers/console-page.ts";
import { type EchoingReceiver, startEchoingReceiver } from "../helpers/echoing-receiver.ts";
import { findChromium } from "../helpers/find-chromium.ts";
import { waitForArrivals } from "../helpers/flow-stack.ts";

/** Time limits are generous, because the machine may be busy. */
const WAIT = { timeout: 15_000 };
const wanted = findChromium() !== undefined || process.env["CI"] === "true";

describe.runIf(wanted)("the console in an incident", () => {
  let opened: ConsolePage;
  let refusing: EchoingReceiver;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsolePage();
    page = opened.page;
    refusing = await startEchoingReceiver(opened.stack.dir);
  }, 120_000);
  afterAll(async () => {
    refusing?.stop();
    await opened?.close();
  });

  const click = (name: string | RegExp) => page.getByRole("button", { name }).first().click();
  const status = () => page.getByRole("status").textContent();
  const answerTo = (method: string, end: RegExp): Promise<Response> =>
    page.waitForResponse(
      (response) => response.request().method() === method && end.test(new URL(response.url()).pathname),
    );
  const outcome = (name: string) => page.getByRole("cell", { name, exact: true });
  /**
   * Refreshes the deliveries of a destination until one has this outcome. A request for a waiting lane takes effect
   * when its wake-up becomes visible again, within a minute.
   */
  const waitForOutcome = async (destination: string, name: string): Promise<void> => {
    const read = async (): Promise<number> => {
      const answered = answerTo("GET", /\/deliveries$/);
      await click(`Deliveries: ${destination}`);
      await answered;
      await expect.poll(status, WAIT).not.toContain("…");
      return outcome(name).count();
    };
    await expect.poll(read, { timeout: 90_000 }).toBeGreaterThan(0);
  };
  const pathOf = async (destination: string): Promise<string> => {
    const all = "/v1/workspaces/ws_1/destinations";
    const { items } = (await opened.user.api.call("GET", all)).body as {
      items: { id: string; name: string }[];
    };
    return `${all}/${items.find(({ name }) => name === destination)?.id}`;
  };

  it("shows the attempts of a delivery, with the response and the time of the next attempt", async () => {
    const url = `${refusing.url}/refuse/it`;
    await opened.user.api.call("POST", "/v1/workspaces/ws_1/destinations", {
      name: "Refusing",
      url,
      headers: { "X-Api-Key": "hush-hush-hush" },
    });
    await opened.user.post("ws_1", 1);
    await click("Refresh");
    await page.getByRole("heading", { name: "Refusing", exact: true }).waitFor();
    await waitForOutcome("Refusing", "retry");
    await click(/^Details: whd_/);
    const detail = page.getByRole("group", { name: /^Delivery whd_/ }).first();
    await detail.getByRole("cell", { name: "HTTP 500" }).first().waitFor();
    expect(await detail.getByRole("cell", { name: /^\d+(\.\d+)? ms$/ }).count()).toBeGreaterThan(0);
    const answer = await detail.locator("td code").first().textContent();
    expect(answer).toContain("content-type");
    expect(answer).not.toContain("hush");
    expect(await detail.locator("dt", { hasText: "Next attempt" }).count()).toBe(1);
  });

  it.each([1280, 768, 390])(
    "shows the way to a delivery's details on a screen %i pixels wide",
    async (width) => {
      const before = page.viewportSize();
      await page.setViewportSize({ width, height: 900 });
      const details = page.getByRole("button", { name: /^Details: whd_/ }).first();
      const { x, width: own } = (await details.boundingBox()) ?? { x: 0, width: Number.POSITIVE_INFINITY };
      const region = await page.getByRole("region", { name: "Deliveries of Refusing" }).boundingBox();
      expect(x + own).toBeLessThanOrEqual((region?.x ?? 0) + (region?.width ?? 0));
      if (before !== null) await page.setViewportSize(before);
    },
  );

  it("skips an open delivery after explaining the consequences", async () => {
    await waitForOutcome("Refusing", "retry");
    await click(/^Details: whd_/);
    await click(/^Skip: whd_/);
    const dialog = page.getByRole("dialog");
    expect(await dialog.textContent()).toMatch(/Its \d+ events? will not be delivered to Refusing/);
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect(await dialog.count()).toBe(0);
    expect(await status()).not.toContain("Skipping");
    const answered = answerTo("POST", /\/skip$/);
    await click(/^Skip: whd_/);
    await dialog.getByRole("button", { name: /^Skip \d+ events?$/ }).click();
    expect((await answered).status()).toBe(202);
    await waitForOutcome("Refusing", "skipped");
  }, 120_000);

  it("retries an open delivery on request", async () => {
    await waitForOutcome("Refusing", "retry");
    const open = page.getByRole("row").filter({ has: outcome("retry") });
    await open.getByRole("button", { name: /^Details/ }).click();
    const answered = answerTo("POST", /\/retry$/);
    await click(/^Retry: whd_/);
    expect((await answered).status()).toBe(202);
    await expect.poll(status, WAIT).toContain("will be retried within a minute");
  }, 120_000);

  it("shows the API's reason why a closed delivery is not sent again", async () => {
    await opened.user.register("ws_1", "free");
    const skipped = page.getByRole("row").filter({ has: outcome("skipped") });
    await skipped.getByRole("button", { name: /^Details/ }).click();
    await click(/^Send again: whd_/);
    await expect.poll(status, WAIT).toContain("The plan of the workspace has no forwarding");
    await opened.user.register("ws_1");
    opened.complaints.length = 0; // the browser itself reports the refusal
  });

  it("loads more than the first twenty deliveries", async () => {
    await opened.user.createDestination("ws_1", "/many", { format: "cloudevents-structured" });
    await opened.user.post("ws_1", 25);
    await waitForArrivals(opened.stack.receiver, "/many", 25);
    await click("Refresh");
    await page.getByRole("heading", { name: "/many", exact: true }).waitFor();
    await click("Deliveries: /many");
    const list = page.getByRole("region", { name: "Deliveries of /many" });
    const rows = list.getByRole("button", { name: /^Details: whd_/ });
    await expect.poll(() => rows.count(), WAIT).toBe(20);
    await click("Older: /many");
    await expect.poll(() => rows.count(), WAIT).toBeGreaterThanOrEqual(25);
    const card = page.getByRole("region", { name: "/many", exact: true });
    await expect.poll(() => card.getByText("There are no older deliveries.").count(), WAIT).toBe(1);
  });

  it("shows a rotated secret until it is dismissed, despite refreshes", async () => {
    await click("Rotate secret: /many");
    await page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
    const secret = await page.locator("code.secret").textContent();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const read = answerTo("GET", /\/destinations$/);
    await click("Refresh");
    await read;
    await expect.poll(status, WAIT).toBe("");
    expect(await page.locator("code.secret").textContent()).toBe(secret);
    await click("I have stored it");
    expect(await page.locator("code.secret").count()).toBe(0);
    opened.stack.receiver.setSecret("/many", secret ?? "");
  });

  it("changes a destination, unless someone else has changed it meanwhile", async () => {
    const edited = page.getByRole("form", { name: "Edit /many" });
    const types = edited.getByLabel("Event types");
    await click("Edit: /many");
    await edited.waitFor();
    expect(await edited.getByLabel("Format").inputValue()).toBe("cloudevents-structured");
    const path = await pathOf("/many");
    await opened.user.api.call("PATCH", path, { name: "Many" }, { "if-match": "*" });
    await types.fill("pro.atmos.billing.*, pro.atmos.team_member.*");
    await edited.getByRole("button", { name: "Save" }).click();
    await expect
      .poll(() => edited.getByRole("alert").textContent(), WAIT)
      .toContain("This destination was changed in the meantime");
    opened.complaints.length = 0; // the browser itself reports the refusal
    await click("Edit: /many");
    await expect.poll(() => page.getByRole("form", { name: "Edit Many" }).count(), WAIT).toBe(1);
    await page.getByRole("form", { name: "Edit Many" }).getByLabel("Name", { exact: true }).fill("Most");
    await page.getByRole("form", { name: "Edit Many" }).getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Most", exact: true }).waitFor();
    const after = (await opened.user.api.call("GET", path)).body;
    expect(after).toMatchObject({ name: "Most", format: "cloudevents-structured", eventTypes: [] });
  });

  it("counts the events before a replay, shows its progress, and cancels it", async () => {
    await click("Replays: Most");
    const asked = page.getByRole("form", { name: "Replay to Most" });
    await asked.getByLabel("From").fill("2020-01-01T00:00:00");
    await asked.getByLabel("To").fill("2099-01-01T00:00:00");
    const before = opened.stack.receiver.received.filter(({ path }) => path === "/many").length;
    await asked.getByRole("button", { name: "Count first" }).click();
    await page.getByText(/A replay would deliver \d+ events\./).waitFor();
    const { body } = await opened.user.api.call("GET", `${await pathOf("Most")}/replays`);
    expect(body).toMatchObject({ items: [] });
    await click("Start replay: Most");
    await expect.poll(status, WAIT).toContain("Delivering to Most again");
    await expect
      .poll(
        async () => {
          await click("Refresh progress: Most");
          return page.getByRole("row").filter({ hasText: "100 %" }).count();
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    const now = opened.stack.receiver.received.filter(({ path }) => path === "/many").length;
    expect(now).toBeGreaterThanOrEqual(before + 25);
    expect(await outcome("done").count()).toBe(1);
  });

  it("cancels a stuck replay after a confirmation, also while its destination is disabled", async () => {
    const path = await pathOf("Refusing");
    await click("Replays: Refusing");
    const asked = page.getByRole("form", { name: "Replay to Refusing" });
    await asked.getByLabel("From").fill("2020-01-01T00:00:00");
    await asked.getByLabel("To").fill("2099-01-01T00:00:00");
    await asked.getByRole("button", { name: "Count first" }).click();
    await click("Start replay: Refusing");
    await expect.poll(status, WAIT).toContain("Delivering to Refusing again");
    await opened.user.api.call("POST", `${path}/disable`);
    await click("Refresh progress: Refusing");
    await outcome("paused").waitFor();
    await click(/^Cancel: rpl_/);
    await page.getByRole("dialog").getByRole("button", { name: "Cancel replay" }).click();
    await expect.poll(() => outcome("cancelled").count(), WAIT).toBe(1);
    await opened.user.api.call("POST", `${path}/enable`);
  });

  it("deletes a destination after explaining what is deleted with it", async () => {
    await click("Delete: Most");
    const dialog = page.getByRole("dialog");
    expect(await dialog.textContent()).toContain("its secret, delivery log and replays");
    await page.keyboard.press("Escape");
    expect(await page.getByRole("heading", { name: "Most", exact: true }).count()).toBe(1);
    await click("Delete: Most");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await expect.poll(() => page.getByRole("heading", { name: "Most", exact: true }).count(), WAIT).toBe(0);
    expect(await status()).toContain("Most was deleted");
  });

  it("logs no error meanwhile", () => {
    expect(opened.complaints).toEqual([]);
  });
});
