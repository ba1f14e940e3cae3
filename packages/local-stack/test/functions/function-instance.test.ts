import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FunctionInstance, startInstance } from "../../src/functions/function-instance.ts";
import { temporaryFolder } from "../fixtures/fixture-stack.ts";

/** Field 19 of `/proc/<thread>/stat`, counted from behind the command's name (proc(5)). */
const NICENESS = `
  import { readFileSync } from "node:fs";
  export const handler = () => {
    const stat = readFileSync("/proc/thread-self/stat", "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  };
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

async function resultOf(handler: string, isBackground: boolean): Promise<unknown> {
  await writeFile(join(folder.path, "index.mjs"), handler);
  const instance = (await startInstance({
    data: {
      module: "index.mjs",
      exportName: "handler",
      folder: folder.path,
      compileCache: join(folder.path, "cache"),
      functionName: "f",
      functionArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
      memoryMegabytes: 128,
      logGroup: "g",
      logStream: "s",
      isBackground,
    },
    environment: {},
    workerData: {},
    onLine: () => {},
    onInstance: () => {},
  })) as FunctionInstance;
  const answer = await instance.invoke({ requestId: "1", event: "{}", deadline: Date.now() + 5000 }, 5000);
  await instance.terminate();
  return answer;
}

describe.runIf(process.platform === "linux")("a function's thread", () => {
  it("gives way when nobody waits for the function, and no other thread does", async () => {
    expect(await resultOf(NICENESS, true)).toEqual({ kind: "done", result: "10" });
    expect(await resultOf(NICENESS, false)).toEqual({ kind: "done", result: "0" });
  });
});

/** Makes some 100 MB of objects that live for a moment, and answers how large the space for such objects has become. */
const BUSY = `
  import { getHeapSpaceStatistics } from "node:v8";
  export const handler = () => {
    const kept = [];
    for (let made = 0; made < 300; made += 1) {
      kept[made % 20] = Array.from({ length: 10_000 }, (_, index) => ({ index }));
    }
    return getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size;
  };
`;

describe("a busy function's thread", () => {
  it("does not let the space for short-lived objects grow past its bound", async () => {
    const answer = (await resultOf(BUSY, false)) as { kind: string; result: string };
    expect(answer.kind).toBe("done");
    // V8 may be over its bound by a page or two; without one the space has 32 MB here.
    expect(Number(answer.result)).toBeLessThanOrEqual(20 * 1024 * 1024);
  });
});
