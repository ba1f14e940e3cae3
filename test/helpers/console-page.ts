import type { Page } from "playwright-core";
import { openBrowser } from "./browser.ts";
import { findChromium } from "./find-chromium.ts";
import { createFlowUser, type FlowStack, type FlowUser, startFlowStack } from "./flow-stack.ts";

export interface ConsolePage {
  stack: FlowStack;
  user: FlowUser;
  page: Page;
  /** What the browser reported as an error. */
  complaints: string[];
  close(): Promise<void>;
}

/** The console in a browser, with `ws_1` open. */
export async function openConsolePage(): Promise<ConsolePage> {
  const executable = findChromium();
  if (executable === undefined) throw new Error("no Chromium: install one or set CHROMIUM_PATH");
  const stack = await startFlowStack();
  const user = await createFlowUser({
    apiUrl: stack.runtime.apiUrl,
    dir: stack.dir,
    receiver: stack.receiver,
  });
  await user.register("ws_1");
  const browser = await openBrowser(executable);
  const page = await browser.context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(stack.runtime.consoleUrl);
  const scope = "destinations:read destinations:write";
  await page.locator('input[name="workspace"]').fill("ws_1");
  await page.locator('input[name="token"]').fill(await stack.runtime.token({ workspaces: ["ws_1"], scope }));
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("heading", { name: "Destinations" }).waitFor();
  const close = async (): Promise<void> => {
    await browser.close();
    await stack.stop();
  };
  return { stack, user, page, complaints, close };
}
