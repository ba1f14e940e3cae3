import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { ControlledStack } from "../../../bench/stack/controlled-stack.ts";
import { runFaults } from "../../../bench/faults/run-faults.ts";

it("a run whose stack does not start prints the folder that it keeps and stops everything", async () => {
  const lines: string[] = [];
  const stop = vi.fn<ControlledStack["stop"]>();
  const options = { events: 1, workspaces: 2, kills: 0, seed: 1, timeScale: 1 };
  const start = (): ControlledStack => ({
    endpoints: () => Promise.reject(new Error("the stack ended with 1")),
    disturb: () => undefined,
    kill: async () => undefined,
    stop,
  });
  await expect(runFaults(options, (line) => lines.push(line), start)).rejects.toThrow(
    "the stack ended with 1",
  );
  expect(stop).toHaveBeenCalledOnce();
  const dir = lines.at(-1)?.replace("Kept for inspection: ", "") ?? "";
  expect(existsSync(join(dir, "tls"))).toBe(true);
  await rm(dir, { recursive: true });
  // Receivers that were still listening would keep the process alive.
  expect(process.getActiveResourcesInfo()).not.toContain("TCPServerWrap");
});
