import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { bundleFunctions } from "../lib/bundle.ts";
import { FUNCTION_ENTRIES } from "../lib/function-code.ts";
import { describePackages, writeNotices } from "../lib/third-party.ts";

// The first step of `npm run build`: empties `dist`, then bundles what runs as one file in the package, which are the
// functions and the command line, and lists the third-party packages. The constructs are compiled file by file afterwards.
const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);
rmSync(dist, { recursive: true, force: true });
const bundles = bundleFunctions();
for (const entry of FUNCTION_ENTRIES) bundles.write(entry, join(dist, "functions", entry));
buildSync({
  entryPoints: [join(root, "cli", "main.ts")],
  outfile: join(dist, "cli", "main.js"),
  bundle: true,
  // What is installed with the package; the local stack, a workspace that is not published, goes into the bundle.
  external: Object.keys(dependencies),
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
});

const sbom = describePackages(bundles.sources());
writeFileSync(join(dist, "sbom.cdx.json"), `${JSON.stringify(sbom, undefined, 2)}\n`);
writeFileSync(join(dist, "THIRD-PARTY-NOTICES.txt"), writeNotices(sbom));
