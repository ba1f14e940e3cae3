import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORMAT_NAMES } from "../../lambdas/core/formats/known-formats.ts";
import { openBrowser } from "../helpers/browser.ts";
import { startEchoingReceiver } from "../helpers/echoing-receiver.ts";
import { findChromium } from "../helpers/find-chromium.ts";
import { createFlowUser, type FlowStack, type FlowUser, startFlowStack } from "../helpers/flow-stack.ts";

/** Time limits are generous, because the machine may be busy. */
const WAIT = { timeout: 15_000 };
const executable = findChromium();
// Without a browser, `npm test` skips these tests and passes; in CI, a missing browser is a failure.
const wanted = executable !== undefined || process.env["CI"] === "true";
if (!wanted) {
  process.stderr.write("\nNo Chromium found (set CHROMIUM_PATH): the console's browser tests do not run.\n");
}

describe.runIf(wanted)("the console", () => {
  let stack: FlowStack;
  let user: FlowUser;
  let page: Page;
  let close: () => Promise<void>;
  const complaints: string[] = [];

  beforeAll(async () => {
    if (executable === undefined) throw new Error("no Chromium: install one or set CHROMIUM_PATH");
    stack = await startFlowStack();
    user = await createFlowUser({ apiUrl: stack.runtime.apiUrl, dir: stack.dir, receiver: stack.receiver });
    await user.register("ws_1");
    const browser = await openBrowser(executable);
    close = browser.close;
    page = await browser.context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
  }, 120_000);
  afterAll(async () => {
    await close?.();
    await stack?.stop();
  });

  const status = () => page.getByRole("status");
  const refusal = () => page.getByRole("alert").last();
  const field = (name: string) => page.locator(`input[name="${name}"]`);
  const openWorkspace = async (token: string): Promise<void> => {
    await field("workspace").fill("ws_1");
    await field("token").fill(token);
    await page.getByRole("button", { name: "Open" }).click();
  };

  it("is served with a policy that forbids everything inline, and does not violate it", async () => {
    const answer = await page.goto(stack.runtime.consoleUrl);
    expect(answer?.status()).toBe(200);
    expect(answer?.headers()["content-security-policy"]).toMatch(/default-src 'none'.*script-src 'self'/);
    expect(await page.title()).toBe("Trailcast console");
    const sizes = await page.evaluate<number[]>(
      "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')].map((entry) => entry.decodedBodySize)",
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    expect(sizes.length).toBeGreaterThan(2);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(30_000);
    expect(complaints).toEqual([]);
  });

  it("explains what is wrong with a token", async () => {
    await openWorkspace("not-a-token");
    await expect.poll(() => refusal().textContent(), WAIT).toContain("The token is not valid");
    complaints.length = 0; // the browser itself reports the 401
  });

  it("opens a workspace, creates a destination and shows its secret once", async () => {
    const scope = "destinations:read destinations:write";
    await openWorkspace(await stack.runtime.token({ workspaces: ["ws_1"], scope }));
    await page.getByRole("heading", { name: "Destinations" }).waitFor();
    expect(await page.getByLabel("Format").locator("option").allTextContents()).toEqual(FORMAT_NAMES);
    await field("name").fill("SIEM <b>&amp;</b>");
    await field("url").fill(`${stack.receiver.url}/browser`);
    await page.getByRole("button", { name: "Create" }).click();
    const secret = await page.locator("code.secret").textContent();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    stack.receiver.setSecret("/browser", secret ?? "");
    await page.getByRole("heading", { name: "SIEM <b>&amp;</b>", exact: true }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "SIEM <b>&amp;</b>", exact: true }).waitFor();
    expect(await page.content()).not.toContain("whsec_");
  });

  it("shows the secret even when the list cannot be read again", async () => {
    const list = "**/destinations?limit=100";
    await page.route(list, (route) => route.fulfill({ status: 503, body: "" }));
    await field("name").fill("Unlisted");
    await field("url").fill(`${stack.receiver.url}/unlisted`);
    await page.getByRole("button", { name: "Create" }).click();
    expect(await page.locator("code.secret").textContent()).toMatch(/^whsec_/);
    await page.getByRole("heading", { name: "Unlisted", exact: true }).waitFor();
    await page.getByRole("button", { name: "Refresh" }).click();
    await expect.poll(() => status().textContent(), WAIT).toContain("503");
    expect(await page.locator("code.secret").count()).toBe(1);
    await page.unroute(list);
    await page.getByRole("button", { name: "I have stored it" }).click();
    complaints.length = 0; // the browser itself reports the 503
  });

  it("sends a test event and shows the result", async () => {
    await page.getByRole("button", { name: "Test: SIEM" }).click();
    await page.getByText("Test event: delivered").waitFor();
    const request = stack.receiver.received.findLast(({ path }) => path === "/browser")!;
    expect(stack.receiver.judge(request).kind).toBe("verified");
  });

  it("shows the health and the newest deliveries of a destination", async () => {
    await user.post("ws_1", 2);
    await expect
      .poll(
        async () => {
          await page.getByRole("button", { name: "Refresh" }).click();
          return page.locator(".badge").first().textContent();
        },
        { timeout: 15_000 },
      )
      .toBe("healthy");
    await expect
      .poll(
        async () => {
          await page.getByRole("button", { name: "Deliveries: SIEM" }).click();
          return page.getByRole("cell", { name: "delivered" }).count();
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThan(0);
    expect(await page.getByRole("cell", { name: /^live #\d+$/ }).count()).toBeGreaterThan(0);
  });

  it("disables and enables a destination", async () => {
    await page.getByRole("button", { name: "Disable: SIEM" }).click();
    await expect.poll(() => page.locator(".badge").first().textContent(), WAIT).toBe("disabled");
    await page.getByRole("button", { name: "Enable: SIEM" }).click();
    await page.getByRole("button", { name: "Disable: SIEM" }).waitFor();
    await expect.poll(() => status().textContent(), WAIT).toContain("resumes where it stopped");
  });

  it("explains when the plan stops a destination", async () => {
    await user.register("ws_1", "free");
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByText("the workspace's plan has no forwarding").first().waitFor();
    expect(await page.getByRole("button", { name: "Disable: SIEM" }).count()).toBe(1);
    await user.register("ws_1");
    await page.getByRole("button", { name: "Refresh" }).click();
    await expect.poll(() => page.getByText("the workspace's plan has no forwarding").count(), WAIT).toBe(0);
  });

  it("shows text of owners and receivers as text, and its policy would block it as script", async () => {
    const markup = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
    const receiver = await startEchoingReceiver(stack.dir);
    const url = `${receiver.url}/refuse/%3Cscript%3E?'"><script>document.title='owned'</script>`.replaceAll(
      " ",
      "+",
    );
    await user.api.call("POST", "/v1/workspaces/ws_1/destinations", { name: markup.slice(0, 100), url });
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("heading", { name: "<img src=x" }).waitFor();
    await page.getByRole("button", { name: "Test: <img" }).click();
    await page.getByText("Test event: not delivered").waitFor();
    expect(await page.getByText("onerror=").count()).toBeGreaterThan(1);
    receiver.stop();
    const ran = await page.evaluate(`(() => {
      try {
        document.body.innerHTML += "";
        return "innerHTML was taken";
      } catch (error) {
        return [document.title, document.querySelectorAll("img, script:not([src])").length, error.name].join();
      }
    })()`);
    expect(ran).toBe("Trailcast console,0,TypeError");
    complaints.length = 0; // the policy itself reports what it blocked
  });

  it("spells out text-direction marks", async () => {
    const turned = "siem\u202egnp.exe\u2069";
    const spelt = "siem[U+202E]gnp.exe[U+2069]";
    await page.route("**/destinations?*", async (route) => {
      const answer = await route.fetch();
      const list = (await answer.json()) as { items: object[] };
      await route.fulfill({ json: { items: list.items.map((item) => ({ ...item, name: turned })) } });
    });
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("heading", { name: spelt, exact: true }).first().waitFor();
    await page.route("**/test", async (route) => {
      const answer = await route.fetch();
      const result = (await answer.json()) as { attempt: object };
      await route.fulfill({ json: { ...result, attempt: { ...result.attempt, answer: turned } } });
    });
    await page
      .getByRole("button", { name: `Test: ${spelt}` })
      .first()
      .click();
    await page.getByRole("definition").filter({ hasText: spelt }).waitFor();
    await expect.poll(() => status().textContent(), WAIT).toContain(spelt);
    expect(await page.content()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    await page.unrouteAll();
  });

  it("labels every control and is readable without colour", async () => {
    const unnamed = await page
      .locator("button, input, select")
      .evaluateAll((controls) =>
        controls
          .filter(
            (control) =>
              control.checkVisibility() &&
              !control.textContent?.trim() &&
              (Reflect.get(control, "labels") as ArrayLike<unknown> | null)?.length === 0,
          )
          .map((control) => control.outerHTML),
      );
    expect(unnamed).toEqual([]);
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
  });

  it("forgets the token on sign-out", async () => {
    await page.getByRole("button", { name: "Leave" }).click();
    await field("token").waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    expect(complaints).toEqual([]);
  });
});
