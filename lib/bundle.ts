import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Code } from "aws-cdk-lib/aws-lambda";
import { type BuildOptions, buildSync } from "esbuild";
import { FORMAT_NAMES } from "../lambdas/core/formats/known-formats.ts";
import { FUNCTION_ENTRIES, type FunctionCode, type FunctionEntry } from "./function-code.ts";

const LAMBDAS = fileURLToPath(new URL("../lambdas/", import.meta.url));
const CONSOLE = fileURLToPath(new URL("../console/", import.meta.url));

// CommonJS dependencies load Node's modules with `require`, which an ES module does not have.
const REQUIRE_BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** Contents of files, by path. */
type Files = ReadonlyMap<string, Uint8Array>;

/** Thrown when a function could not be bundled; esbuild has written the reason to stderr. */
export class BundleError extends Error {
  override readonly name = "BundleError";

  constructor() {
    super("The functions could not be bundled; the reasons are above.");
  }
}

/** Bundles of functions, all made when the first one is requested. */
export interface Bundles {
  /** Writes the `index.mjs` of a function, and the files that it reads at run time, into an empty directory. */
  write(entry: FunctionEntry, directory: string): void;
  /** Absolute paths of the files that code of the bundles comes from. */
  sources(): readonly string[];
}

interface Build {
  files: Files;
  sources: readonly string[];
}

/**
 * Bundles the functions in one run of esbuild, which parses shared sources only once; in memory, offline and without
 * Docker. Names of functions and classes are kept, because logs identify errors by class.
 */
export function bundleFunctions(entries: readonly FunctionEntry[] = FUNCTION_ENTRIES): Bundles {
  let built: Build | undefined;
  const bundles = (): Build =>
    (built ??= build({
      entryPoints: Object.fromEntries(entries.map((name) => [name, `${LAMBDAS}${name}.ts`])),
      outExtension: { ".js": ".mjs" },
      keepNames: true,
      platform: "node",
      target: "node24",
      // Prefers the ES module build of each dependency, because only that can be tree-shaken.
      mainFields: ["module", "main"],
      banner: { js: REQUIRE_BANNER },
    }));
  return {
    sources: () => [...bundles().sources, ...buildConsole().sources],
    write: (entry, directory) => {
      const bundle = bundles().files.get(`${entry}.mjs`);
      if (bundle === undefined) throw new BundleError();
      writeFiles(directory, new Map([["index.mjs", bundle]]));
      if (entry === "serve-public") writeFiles(join(directory, "console"), bundleConsole());
    },
  };
}

function buildConsole(): Build {
  return build({
    entryPoints: ["console.ts", "console.css"].map((file) => `${CONSOLE}${file}`),
    platform: "browser",
    target: "es2024",
    // The page takes only types from elsewhere: what it lists is written into it here.
    define: { FORMAT_NAMES: JSON.stringify(FORMAT_NAMES) },
  });
}

/** The console: its script bundled for browsers, its style sheet minified, its other files unchanged. */
function bundleConsole(): Files {
  const script = buildConsole().files;
  const others = readdirSync(CONSOLE)
    .filter((name) => [".html", ".svg"].includes(extname(name)))
    .map((name) => [name, readFileSync(join(CONSOLE, name))] as const);
  return new Map([...script, ...others]);
}

function build(options: BuildOptions): Build {
  try {
    const { outputFiles, metafile } = buildSync({
      bundle: true,
      minify: true,
      treeShaking: true,
      format: "esm",
      legalComments: "none",
      logLevel: "warning",
      outdir: "/",
      ...options,
      write: false,
      metafile: true,
    });
    const contributing = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
    return {
      files: new Map(outputFiles.map((file) => [file.path.replace(/^([A-Z]:)?[/\\]/, ""), file.contents])),
      sources: [...new Set(contributing)].map((path) => resolve(path)),
    };
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
 * The code of the functions, bundled from this work tree into a directory that is removed when the process ends; CDK
 * copies it during synthesis. CDK's own bundling would print a line for each function.
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
