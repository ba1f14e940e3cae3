import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { buildSync } from "esbuild";
import { FUNCTION_ENTRIES, type FunctionCode, type FunctionEntry } from "./function-code.ts";

const SOURCE_ROOT = fileURLToPath(new URL("../lambdas/", import.meta.url));

// CommonJS dependencies ask for Node's modules by `require`, which an ES module does not have.
const REQUIRE_BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** A function's bundle: the text of its `index.mjs`. */
export type Bundles = ReadonlyMap<string, Uint8Array>;

/**
 * Bundles functions in one run of esbuild, which parses what they share once; in memory, offline, without Docker.
 * Names of functions and classes are kept: logs tell errors by class.
 */
export function bundleFunctions(entries: readonly FunctionEntry[] = FUNCTION_ENTRIES): Bundles {
  const result = buildSync({
    entryPoints: Object.fromEntries(entries.map((entry) => [entry, `${SOURCE_ROOT}${entry}.ts`])),
    outdir: "/",
    outExtension: { ".js": ".mjs" },
    write: false,
    bundle: true,
    minify: true,
    keepNames: true,
    treeShaking: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // The ES module build of each dependency, where it has one: only that can be shaken.
    mainFields: ["module", "main"],
    banner: { js: REQUIRE_BANNER },
    legalComments: "none",
    logLevel: "warning",
  });
  return new Map(result.outputFiles.map((file) => [file.path.replace(/^\/|\.mjs$/g, ""), file.contents]));
}

/** The functions' code from this work tree, bundled once, when the first is wanted. */
export function functionsFromSource(): FunctionCode {
  let bundles: Bundles | undefined;
  return (entry) =>
    Code.fromAsset(SOURCE_ROOT, {
      assetHashType: AssetHashType.OUTPUT,
      bundling: {
        image: DockerImage.fromRegistry("unused: esbuild runs in this process"),
        local: {
          tryBundle: (directory) => {
            bundles ??= bundleFunctions();
            writeBundle(bundles, entry, join(directory, "index.mjs"));
            return true;
          },
        },
      },
    });
}

/** @throws Error when the bundle was not made, which esbuild has reported */
export function writeBundle(bundles: Bundles, entry: FunctionEntry, file: string): void {
  const bundle = bundles.get(entry);
  if (bundle === undefined) throw new Error(`${entry} was not bundled`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bundle);
}
