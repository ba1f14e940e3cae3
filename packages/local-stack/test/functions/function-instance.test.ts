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
