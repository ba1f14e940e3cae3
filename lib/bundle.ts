import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Code } from "aws-cdk-lib/aws-lambda";
import { type BuildOptions, buildSync } from "esbuild";
import { FUNCTION_ENTRIES, type FunctionCode, type FunctionEntry } from "./function-code.ts";

const LAMBDAS = fileURLToPath(new URL("../lambdas/", import.meta.url));
const CONSOLE = fileURLToPath(new URL("../console/", import.meta.url));

// CommonJS dependencies ask for Node's modules by `require`, which an ES module does not have.
const REQUIRE_BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** Contents of files by path. */
type Files = ReadonlyMap<string, Uint8Array>;

/** A function could not be bundled; esbuild has written why to stderr. */
export class BundleError extends Error {
  override readonly name = "BundleError";

  constructor() {
    super("The functions could not be bundled; the reasons are above.");
  }
}

/** Bundles of functions, made together when the first is wanted. */
export interface Bundles {
  /** Writes a function's `index.mjs`, and what it reads beside it, into an empty directory. */
  write(entry: FunctionEntry, directory: string): void;
}

/**
 * Bundles functions in one run of esbuild, which parses what they share once; in memory, offline, without Docker.
 * Names of functions and classes are kept: logs tell errors by class.
 */
export function bundleFunctions(entries: readonly FunctionEntry[] = FUNCTION_ENTRIES): Bundles {
  let bundles: Files | undefined;
  return {
    write: (entry, directory) => {
      bundles ??= build({
        entryPoints: Object.fromEntries(entries.map((name) => [name, `${LAMBDAS}${name}.ts`])),
        outExtension: { ".js": ".mjs" },
        keepNames: true,
        platform: "node",
        target: "node24",
        // The ES module build of each dependency, where it has one: only that can be shaken.
        mainFields: ["module", "main"],
        banner: { js: REQUIRE_BANNER },
      });
      const bundle = bundles.get(`${entry}.mjs`);
      if (bundle === undefined) throw new BundleError();
      writeFiles(directory, new Map([["index.mjs", bundle]]));
      if (entry === "serve-public") writeFiles(join(directory, "console"), bundleConsole());
    },
  };
}

/** The console's page: its script for browsers, its other files as they are. */
function bundleConsole(): Files {
  const script = build({
    entryPoints: { console: `${CONSOLE}console.ts` },
    platform: "browser",
    target: "es2024",
  });
  const others = readdirSync(CONSOLE)
    .filter((name) => [".html", ".css", ".svg"].includes(extname(name)))
    .map((name) => [name, readFileSync(join(CONSOLE, name))] as const);
  return new Map([...script, ...others]);
}

function build(options: BuildOptions): Files {
  try {
    const { outputFiles = [] } = buildSync({
      bundle: true,
      minify: true,
      treeShaking: true,
      format: "esm",
      legalComments: "none",
      logLevel: "warning",
      outdir: "/",
      ...options,
      write: false,
    });
    return new Map(outputFiles.map((file) => [file.path.replace(/^([A-Z]:)?[/\\]/, ""), file.contents]));
  } catch {
    throw new BundleError();
  }
}

function writeFiles(directory: string, files: Files): void {
  for (const [path, contents] of files) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
}

/**
 * The functions' code from this work tree, in a directory that goes with this process: CDK copies it while it synthesises.
 * CDK's own bundling would write a line for each function to the terminal.
 */
export function functionsFromSource(): FunctionCode {
  const bundles = bundleFunctions();
  const root = mkdtempSync(join(tmpdir(), "trailcast-functions-"));
  process.once("exit", () => rmSync(root, { recursive: true, force: true }));
  return (entry) => {
    const directory = join(root, entry);
    bundles.write(entry, directory);
    return Code.fromAsset(directory);
  };
}
