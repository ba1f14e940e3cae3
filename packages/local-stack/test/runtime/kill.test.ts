import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PIPELINE, temporaryFolder, writeAssembly } from "../fixtures/fixture-stack.ts";

const RUN_STACK = fileURLToPath(new URL("../fixtures/run-stack.ts", import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await kill();
  await folder.remove();
});

async function kill(): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** Starts the stack in a process of its own and returns the address of its API. */
function start(cdkOut: string): Promise<string> {
  const args = ["--disable-warning=ExperimentalWarning", RUN_STACK, cdkOut, join(folder.path, "data")];
  const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  child = started;
  return new Promise((resolve, reject) => {
    started.on("exit", () => reject(new Error("the stack ended before it was ready")));
    createInterface({ input: started.stdout }).on("line", (line) => {
      if (line.startsWith("ready ")) resolve(line.slice("ready ".length));
    });
  });
}

it("loses nothing that was accepted although the process is killed several times while it works", async () => {
  const file = join(folder.path, "arrived");
  writeFileSync(file, "");
  const stack = structuredClone(PIPELINE);
  stack["Arrive"]!.Properties!["Environment"] = { Variables: { ARRIVED: file } };
  const cdkOut = writeAssembly(folder.path, stack);
  const accepted = new Set<string>();
  for (let round = 0; round < 3; round += 1) {
    const apiUrl = await start(cdkOut);
    const posts = Array.from({ length: 40 }, async (_, index) => {
      const id = `${round}-${index}`;
      const request = { method: "POST", body: JSON.stringify({ id }) };
      const status = await fetch(`${apiUrl}/items`, request).then(
        (answer) => answer.status,
        () => "cut off",
      );
      if (status === 202) accepted.add(id);
    });
    await Promise.all(posts.slice(0, 10));
    await kill();
    await Promise.all(posts);
  }
  await start(cdkOut);
  expect(accepted.size).toBeGreaterThanOrEqual(30);
  const missing = (): string[] => {
    const arrived = new Set(readFileSync(file, "utf8").split("\n"));
    return [...accepted].filter((id) => !arrived.has(id));
  };
  await vi.waitFor(() => expect(missing()).toEqual([]), { timeout: 15_000 });
});
