import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { sample } from "../../../tools/mutation/sample.ts";
import { REPOSITORY } from "../../helpers/source-files.ts";

const run = promisify(execFile);

async function mutation(): Promise<string> {
  const files = [
    "--files",
    "test/fixtures/mutation/ticket-price.ts",
    "--tests",
    "test/tools/mutation/*.test.ts",
  ];
  const script = join(REPOSITORY, "tools/mutation/run.ts");
  const { stdout } = await run(process.execPath, [script, ...files]);
  return stdout;
}

it(
  "names the changes that tests of a file let pass, and counts those that they notice",
  { timeout: 120_000 },
  async () => {
    const report = await mutation();
    const survivors = report.split("\n").filter((line) => line.startsWith("    +"));
    expect(survivors.map((line) => line.trim())).toEqual([
      "+ const CHILD_YEARS = 11;",
      "+ const CHILD_YEARS = 13;",
      "+ const price = age <= CHILD_YEARS ? 10 : 20;",
      "+ return price + (discount?.euros ?? 0);",
      "+ return price - ((0));",
    ]);
    expect(report).toMatch(/^test\/fixtures\/mutation +\d+ +\d+ +0 +\d+ +0 +\d+\.\d %$/m);
  },
);

it("draws the same sample for the same seed, in the order of the files", () => {
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const drawn = sample(numbers, 10, 3);
  expect(drawn).toHaveLength(10);
  expect(drawn).toEqual(drawn.toSorted((a, b) => a - b));
  expect(sample(numbers, 10, 3)).toEqual(drawn);
  expect(sample(numbers, 10, 4)).not.toEqual(drawn);
  expect(sample(numbers, Infinity, 3)).toEqual(numbers);
});
