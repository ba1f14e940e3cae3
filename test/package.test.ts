import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { FUNCTION_ENTRIES } from "../lib/function-code.ts";
import { REPOSITORY } from "./helpers/source-files.ts";

// An app of another company that uses the packed construct. It links the dependencies of this repository, so nothing is
// downloaded.
const APP = `
import { App, Stack } from "aws-cdk-lib";
import { SettingsError, Trailcast, type TrailcastProps } from "trailcast";

const props: TrailcastProps = { settings: { sourceBaseUrl: "https://app.example.com" } };
const app = new App({ outdir: "cdk.out" });
const audit = new Trailcast(new Stack(app, "Platform"), "Audit", props);
const table: string | undefined = audit.names["EventsTable"];
if (table === undefined) throw new SettingsError(["no table"]);
app.synth();
`;

const directory = mkdtempSync(join(tmpdir(), "trailcast-package-"));
const manifest: { version: string; main: string; types: string; dependencies: Record<string, string> } =
  JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
const TARBALL = `trailcast-${manifest.version}.tgz`;

function run(command: string, ...parameters: string[]): string {
  return execFileSync(command, parameters, { cwd: directory, encoding: "utf8", stdio: "pipe" });
}

function bin(name: string): string {
  return join(REPOSITORY, "node_modules/.bin", name);
}

/** Packs the package as for a registry and unpacks it where an installation would. */
function install(): void {
  execFileSync("npm", ["pack", "--pack-destination", directory], { cwd: REPOSITORY, stdio: "pipe" });
  run("tar", "-xzf", TARBALL);
  const modules = join(directory, "node_modules");
  mkdirSync(modules);
  cpSync(join(directory, "package"), join(modules, "trailcast"), { recursive: true });
  for (const name of ["aws-cdk-lib", "constructs", ...Object.keys(manifest.dependencies)]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(REPOSITORY, "node_modules", name), join(modules, name));
  }
}

// Packing, compiling and synthesising take seconds each, and longer while the whole suite runs.
describe("the packed construct in another CDK app", { timeout: 180_000 }, () => {
  beforeAll(() => {
    install();
    writeFileSync(join(directory, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(directory, "app.ts"), APP);
    writeFileSync(
      join(directory, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          module: "nodenext",
          target: "es2024",
          strict: true,
          skipLibCheck: true,
          types: [],
        },
        files: ["app.ts"],
      }),
    );
  }, 180_000);

  it("has types, and synthesises as JavaScript with its functions bundled", () => {
    run(bin("tsc"), "-p", ".");
    run(bin("node"), "app.js");

    const assets = readdirSync(join(directory, "cdk.out")).filter((name) => name.startsWith("asset."));
    expect(assets).toHaveLength(FUNCTION_ENTRIES.length);
    const template = readFileSync(join(directory, "cdk.out", "Platform.template.json"), "utf8");
    expect(template).toContain('"Runtime": "nodejs24.x"');
  });

  it("includes the command line", () => {
    expect(run(bin("node"), "node_modules/trailcast/cli/trailcast.js", "--help")).toContain("redrive");
  });

  it("contains a bundle of every function, but no sources, tests or copy of Node", () => {
    const listing = run("tar", "-tzf", TARBALL);
    for (const entry of FUNCTION_ENTRIES)
      expect(listing).toContain(`package/dist/functions/${entry}/index.mjs`);
    for (const file of ["LICENSE", "dist/THIRD-PARTY-NOTICES.txt", "dist/sbom.cdx.json"])
      expect(listing).toContain(`package/${file}\n`);
    // These fields are for tools that do not support "exports".
    for (const file of [manifest.main, manifest.types])
      expect(listing).toContain(file.replace(".", "package"));
    expect(listing.split("\n").filter((file) => /(?<!\.d)\.ts$|test/.test(file))).toEqual([]);
    expect(Object.keys(manifest)).not.toContain("optionalDependencies");
  });
});
