import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readEndpoints } from "../../local/endpoints.ts";
import { synthesise } from "../../local/synthesise.ts";
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

async function runDemo(): Promise<string> {
  started = await startProcess(dir);
  const { output } = started;
  await vi.waitFor(() => expect(output()).toContain("Ctrl-C stops the stack"), { timeout: 60_000 });
  return output();
}

describe("npm start", () => {
  it("shows sample events arrive in verified batches, and where to go on", { timeout: 120_000 }, async () => {
    const output = await runDemo();
    expect(batches(output).length).toBeGreaterThan(3);
    expect(
      batches(output).every((line) => /✓ +whd_\S+ +\d+ events? +signature valid +live #\d+/.test(line)),
    ).toBe(true);
    expect(output).toMatch(/every signature valid, in order, nothing missing, nothing twice/);
    expect(output).toContain(started!.endpoints.consoleUrl);
    expect(output).toMatch(/npx trailcast token --workspace ws_demo/);
    expect(output).not.toContain("\u001b[");
  });

  it("is gone within 2 s of Ctrl-C, with 0", async () => {
    const { code, milliseconds } = await started!.end("SIGINT");
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(2000);
    expect(readEndpoints(dir)).toBeUndefined();
  });

  it("goes on with what the folder had: destination, chain and receiver", { timeout: 120_000 }, async () => {
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

  it("explains its options", async () => {
    const { child, output } = spawnStart(["--help"]);
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    for (const option of ["--port", "--data", "--no-demo", "--strict-egress", "--time-scale"]) {
      expect(output()).toContain(option);
    }
  });
});
