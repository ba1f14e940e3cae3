import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseSettings } from "../../lib/settings.ts";
import { REPOSITORY } from "../helpers/source-files.ts";
import { scratchDirectory } from "../helpers/scratch.ts";

const { context = {} }: { context?: { trailcast?: { sourceBaseUrl?: string } } } = JSON.parse(
  readFileSync(join(REPOSITORY, "cdk.json"), "utf8"),
);

/** Synthesises the app as the CDK's command line does, with this context. */
function synthesiseApp(
  given: { trailcast?: object; sourceBaseUrl?: string } = {},
  environment: NodeJS.ProcessEnv = {},
) {
  const outdir = scratchDirectory("refused");
  const json = JSON.stringify(given);
  const env = { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: json, ...environment };
  const app = join(REPOSITORY, "bin/trailcast.ts");
  const { status, stderr } = spawnSync(process.execPath, [app], { env, encoding: "utf8" });
  const template = join(outdir, "Trailcast.template.json");
  const made: { Rules?: object } = existsSync(template) ? JSON.parse(readFileSync(template, "utf8")) : {};
  return { status, stderr, rules: Object.keys(made.Rules ?? {}) };
}

it("a stack without the product's address can be synthesised, but CloudFormation refuses to deploy it", () => {
  const { status, stderr, rules } = synthesiseApp();
  expect(status).toBe(0);
  expect(stderr).toContain("Nothing says where your product lives");
  expect(rules).toContain("SettingsAreNoExample");
}, 60_000);

it("a stack with the product's address can be deployed", () => {
  const { status, stderr, rules } = synthesiseApp({
    trailcast: { sourceBaseUrl: "https://app.example.org" },
  });
  expect({ status, rules }).toEqual({ status: 0, rules: ["CheckBootstrapVersion"] });
  expect(stderr).not.toContain("where your product lives");
}, 60_000);

it("the product's address can be passed alone, as a context value that needs no quotes in any shell", () => {
  // Skips validation by CloudFormation's rules, which takes two thirds of the time: the test above validates the same
  // template.
  const { status, rules } = synthesiseApp(
    { sourceBaseUrl: "https://app.example.org" },
    { CDK_VALIDATION: "false" },
  );
  expect({ status, rules }).toEqual({ status: 0, rules: ["CheckBootstrapVersion"] });
}, 60_000);

it("the product's address cannot be passed beside other settings, since it belongs among them", () => {
  const { status, stderr } = synthesiseApp({ trailcast: {}, sourceBaseUrl: "https://app.example.org" });
  expect(status).toBe(1);
  expect(stderr).toContain("the context has both trailcast and sourceBaseUrl");
}, 60_000);

it("settings without the product's address are refused at once", () => {
  const { status, stderr } = synthesiseApp({ trailcast: { logRetentionDays: 90 } });
  expect(status).toBe(1);
  expect(stderr).toContain("sourceBaseUrl is missing");
}, 60_000);

it.each(["README.md", "docs/operate.md"])(
  "the command that %s shows is refused until its placeholder is replaced",
  (page) => {
    const shown = readFileSync(join(REPOSITORY, page), "utf8").match(/(?<=-c trailcast=')[^']+/g) ?? [];
    expect(shown).toHaveLength(1);
    expect(() => parseSettings(shown[0])).toThrow(
      "sourceBaseUrl must be the https:// address of your product",
    );
  },
);

it("cdk.json contains no address that every event of a deployment would carry for ever", () => {
  expect(context.trailcast?.sourceBaseUrl ?? "").not.toContain("example.com");
});
