import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { isRunning, readEndpoints } from "../../local/endpoints.ts";
import { synthesise } from "../../local/synthesise.ts";
import { REPOSITORY } from "../helpers/source-files.ts";
import { spawnStart, type StartedProcess, startProcess } from "../helpers/start-process.ts";

let dir: string;
let started: StartedProcess | undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "trailcast-start-"));
  await synthesise();
}, 120_000);
afterAll(async () => {
  started?.child.kill("SIGKILL");
  await rm(dir, { recursive: true, force: true });
});

const batches = (output: string): string[] => output.split("\n").filter((line) => line.includes("whd_"));

async function failToStart(data: string): Promise<{ code: number | null; text: string }> {
  const { child, output } = spawnStart(["--port", "0", "--data", data]);
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, text: output() };
}

async function runDemo(): Promise<string> {
  started = await startProcess(dir);
  const { output } = started;
  await vi.waitFor(() => expect(output()).toContain("Ctrl-C stops the stack"), { timeout: 60_000 });
  return output();
}

interface StartedByNpm {
  npm: number;
  stack: number;
  ended: Promise<unknown>;
  output: () => string;
}

/** Runs `npm start` itself, in its own process group as a terminal would. */
async function startByNpm(data: string, shell: string): Promise<StartedByNpm> {
  const options = [`--script-shell=${shell}`, "--", "--port", "0", "--data", data, "--no-demo"];
  const child = spawn("npm", ["start", ...options], {
    cwd: REPOSITORY,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const stack = await vi.waitFor(() => readEndpoints(data)!.pid, { timeout: 60_000, interval: 50 });
  onTestFinished(() => void (isRunning(stack) && process.kill(stack, "SIGKILL")));
  return { npm: child.pid!, stack, ended: once(child, "close"), output: () => text };
}

// With dash as the shell, dash stays between npm and the stack and dies of each signal. bash replaces itself with the
// stack, which then gets both the terminal's signal and the one that npm passes on.
describe.skipIf(process.platform === "win32").each(["sh", "bash"])("npm start through %s", (shell) => {
  it.each([
    ["Ctrl-C, which reaches everything in the terminal", "SIGINT", (npm: number) => -npm],
    ["SIGTERM, which reaches npm alone", "SIGTERM", (npm: number) => npm],
  ] as const)("stops in order on %s", { timeout: 90_000 }, async (_, signal, target) => {
    const data = join(dir, `${shell}-${signal}`);
    const { npm, stack, ended, output } = await startByNpm(data, shell);

    process.kill(target(npm), signal);
    // The stack also holds the output open, so it closes only when both have ended.
    await ended;

    await vi.waitFor(() => expect(isRunning(stack)).toBe(false));
    expect(output().match(/Stopping …/g)).toHaveLength(1);
    expect(readEndpoints(data)).toBeUndefined();
  });
});

describe("npm start", () => {
  it(
    "shows sample events arriving in verified batches, and what to do next",
    { timeout: 120_000 },
    async () => {
      const output = await runDemo();
      expect(batches(output).length).toBeGreaterThan(3);
      expect(
        batches(output).every((line) => /✓ +whd_\S+ +\d+ events? +signature valid +live #\d+/.test(line)),
      ).toBe(true);
      expect(output).toMatch(/every signature valid, in order, nothing missing, nothing twice/);
      expect(output).toContain(started!.endpoints.consoleUrl);
      expect(output).toMatch(
        /token: npx trailcast token .*ws_demo --scope "destinations:read destinations:write"/,
      );
      expect(output).toMatch(/npx trailcast token --workspace ws_demo --scope events:write/);
      expect(output).not.toContain("\u001b[");
    },
  );

  it("stops on Ctrl-C with exit code 0", async () => {
    const { code } = await started!.end("SIGINT");
    expect(code).toBe(0);
    expect(readEndpoints(dir)).toBeUndefined();
  });

  it("continues with the destination, chain and receiver in the folder", { timeout: 120_000 }, async () => {
    const output = await runDemo();
    const [first = ""] = batches(output);
    expect(Number(/live #(\d+)/.exec(first)?.[1])).toBeGreaterThan(1);
    expect(output).toMatch(/every signature valid, in order, nothing missing, nothing twice/);
  });

  it("says what to do when the folder is in use", async () => {
    const { child, output } = spawnStart(["--port", "0", "--data", dir]);
    const [code] = await once(child, "exit");
    expect(code).toBe(1);
    expect(output()).toContain(`in use by process ${started!.child.pid}`);
    expect(readEndpoints(dir)?.pid).toBe(started!.child.pid);
  });

  it("says what to do when the port is taken", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const address = squatter.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const other = join(dir, "other");
    const { child, output } = spawnStart(["--port", String(port), "--data", other]);
    const [code] = await once(child, "exit");
    squatter.close();
    expect(code).toBe(1);
    expect(output()).toContain(`Port ${port} is taken`);
    expect(output()).toContain("npm start -- --port");
  });

  it("says what to do when the signing key is broken, and exits", { timeout: 60_000 }, async () => {
    const broken = join(dir, "broken");
    await mkdir(broken);
    await writeFile(join(broken, "issuer-key.json"), "{");
    const { code, text } = await failToStart(broken);
    expect(code).toBe(1);
    expect(text).toContain(`${join(broken, "issuer-key.json")} holds no signing key. Remove it`);
    expect(text).not.toMatch(/\n\s+at /);
  });

  it.each<[string, (place: string) => Promise<string>, string]>([
    ["is a file", async (place) => (await writeFile(place, ""), place), "EEXIST. A part of this path"],
    ["is under a file", async (place) => (await writeFile(place, ""), join(place, "x")), "ENOTDIR. A part"],
    [
      "has a folder where received.ndjson goes",
      async (place) => (await mkdir(join(place, "received.ndjson"), { recursive: true }), place),
      "received.ndjson: EISDIR. There is a folder",
    ],
  ])("says what to do when the data folder %s", async (name, prepare, said) => {
    const { code, text } = await failToStart(await prepare(join(dir, name.replaceAll(" ", "-"))));
    expect(code).toBe(1);
    expect(text).toContain(said);
    expect(text).not.toMatch(/\n\s+at /);
  });

  it("explains its options", async () => {
    const { child, output } = spawnStart(["--help"]);
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    for (const option of ["--port", "--data", "--no-demo", "--strict-egress", "--time-scale"]) {
      expect(output()).toContain(option);
    }
  });
});
