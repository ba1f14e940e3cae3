import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NoAnswerError } from "../../src/aws/services.ts";
import type { Disturbance } from "../../src/runtime/disturbance.ts";
import { startRuntime, type Runtime } from "../../src/index.ts";
import { PIPELINE, temporaryFolder, writeAssembly } from "../fixtures/fixture-stack.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let runtime: Runtime | undefined;
let lines: string[];

beforeEach(async () => {
  folder = await temporaryFolder();
  lines = [];
});
afterEach(async () => {
  await runtime?.stop();
  await folder.remove();
});

async function startDisturbed(disturb: Disturbance): Promise<Runtime> {
  runtime = await startRuntime({
    cdkOut: writeAssembly(folder.path, PIPELINE),
    dir: join(folder.path, "data"),
    timeScale: 20,
    disturb,
    onLog: ({ line }) => lines.push(line),
  });
  return runtime;
}

async function post(id: string): Promise<number> {
  const answer = await fetch(`${runtime?.apiUrl}/items`, { method: "POST", body: JSON.stringify({ id }) });
  return answer.status;
}

const arrivals = (): string[] => lines.filter((line) => line.startsWith("arrived"));

describe("an AWS call of a function", () => {
  it("is not carried out if its caller dies before it; the request fails and works when it is repeated", async () => {
    let deaths = 1;
    await startDisturbed({
      call: async (caller, _call, carryOut) => {
        if (caller.function !== "Put" || deaths-- <= 0) return carryOut();
        await caller.kill();
        throw new NoAnswerError();
      },
    });
    expect(await post("a")).toBe(500);
    await runtime?.waitIdle();
    expect(arrivals()).toEqual([]);
    expect(await post("a")).toBe(202);
    await runtime?.waitIdle();
    expect(arrivals()).toEqual(["arrived a"]);
  });

  it("remains carried out if its caller dies after it", async () => {
    let deaths = 1;
    await startDisturbed({
      call: async (caller, _call, carryOut) => {
        const answer = await carryOut();
        if (caller.function !== "Put" || deaths-- <= 0) return answer;
        await caller.kill();
        throw new NoAnswerError();
      },
    });
    expect(await post("a")).toBe(500);
    await runtime?.waitIdle();
    expect(arrivals()).toEqual(["arrived a"]);
  });

  it("is repeated by the SDK if its response is lost", async () => {
    const calls: string[] = [];
    await startDisturbed({
      call: async (caller, call, carryOut) => {
        const answer = await carryOut();
        if (caller.function === "Put") calls.push(call.action);
        if (calls.length === 1) throw new NoAnswerError();
        return answer;
      },
    });
    expect(await post("a")).toBe(202);
    expect(calls).toEqual(["PutItem", "PutItem"]);
  });
});

describe("an invocation by a mapping", () => {
  it("is made twice, or not at all, as the disturbance decides", async () => {
    let messages = 0;
    await startDisturbed({
      invocation: async ({ source }, invoke) => {
        if (source === "stream") return invoke();
        messages++;
        if (messages === 1) return { kind: "done", result: "null" };
        await invoke();
        return invoke();
      },
    });
    expect(await post("lost")).toBe(202);
    await runtime?.waitIdle();
    expect(await post("twice")).toBe(202);
    await runtime?.waitIdle();
    expect(arrivals()).toEqual(["arrived twice", "arrived twice"]);
  });

  it("of a stream is repeated until it succeeds", async () => {
    let losses = 2;
    await startDisturbed({
      invocation: async ({ source }, invoke) =>
        source === "stream" && losses-- > 0
          ? { kind: "failed", errorType: "Lost", errorMessage: "", trace: [] }
          : invoke(),
    });
    expect(await post("a")).toBe(202);
    await runtime?.waitIdle();
    expect(arrivals()).toEqual(["arrived a"]);
  });
});
