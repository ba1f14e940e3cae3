import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseSettings } from "../../lib/settings.ts";
import { REPOSITORY } from "../helpers/source-files.ts";
import { scratchDirectory } from "../helpers/scratch.ts";

const { context = {} }: { context?: { trailcast?: { sourceBaseUrl?: string } } } = JSON.parse(
  readFileSync(join(REPOSITORY, "cdk.json"), "utf8"),
);

it("a deployment that was not told the address of the product ends with a line that says what to set", () => {
  const env = { ...process.env, CDK_OUTDIR: scratchDirectory("refused") };
  const app = join(REPOSITORY, "bin/trailcast.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [app], { env, encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toContain('nothing is set: give at least { "sourceBaseUrl": "https://…" }');
}, 60_000);

it.each(["README.md", "docs/operate.md"])(
  "the command that %s shows is refused until it is filled in",
  (page) => {
    const shown = readFileSync(join(REPOSITORY, page), "utf8").match(/(?<=-c trailcast=')[^']+/g) ?? [];
    expect(shown).toHaveLength(1);
    expect(() => parseSettings(shown[0])).toThrow(
      "sourceBaseUrl must be the https:// address of your product",
    );
  },
);

it("cdk.json brings no address that every event of a deployment would bear for ever", () => {
  expect(context.trailcast?.sourceBaseUrl ?? "").not.toContain("example.com");
});
