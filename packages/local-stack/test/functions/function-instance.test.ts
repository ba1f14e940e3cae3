import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FunctionInstance, startInstance } from "../../src/functions/function-instance.ts";
import { temporaryFolder } from "../fixtures/fixture-stack.ts";

/** Reads field 19 of `/proc/<thread>/stat`, counted from the end of the command's name (proc(5)). */
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
  it("has a lower priority if no request waits for the function", async () => {
    expect(await resultOf(NICENESS, true)).toEqual({ kind: "done", result: "10" });
    expect(await resultOf(NICENESS, false)).toEqual({ kind: "done", result: "0" });
  });
});

/** Creates some 100 MB of short-lived objects, and returns the size that V8's space for such objects has reached. */
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

describe("the thread of a busy function", () => {
  it("keeps the space for short-lived objects within its limit", async () => {
    const answer = (await resultOf(BUSY, false)) as { kind: string; result: string };
    expect(answer.kind).toBe("done");
    // V8 may exceed the limit by a page or two. Without a limit the space has 32 MB here.
    expect(Number(answer.result)).toBeLessThanOrEqual(20 * 1024 * 1024);
  });
});
