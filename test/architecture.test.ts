import { readFileSync } from "node:fs";
import { basename, join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { FUNCTION_ENTRIES } from "../lib/function-code.ts";
import {
  type Import,
  lineAt,
  linesOf,
  readSources,
  REPOSITORY,
  type SourceFile,
  type SyntaxNode,
  walk,
} from "./helpers/source-files.ts";

const sources = readSources([
  "bin",
  "lib",
  "lambdas",
  "packages/local-stack/src",
  "packages/local-stack/bin",
  "local",
  "cli",
  "bench",
  "console",
  "tools",
]);
const below = (folder: string): SourceFile[] => sources.filter(({ path }) => path.startsWith(`${folder}/`));
const product = sources.filter(({ path }) => !path.startsWith("bench/"));
const entries = new Set(FUNCTION_ENTRIES.map((entry) => `lambdas/${entry}.ts`));

/** Files that constructs share with functions: names of environment variables, tables and metrics, and settings. */
const NAMES_FOR_CONSTRUCTS = new Set([
  "lambdas/core/base/environment.ts",
  "lambdas/core/reading/export-job.ts",
  "lambdas/core/lane/row-schema.ts",
  "lambdas/core/base/table-schema.ts",
  "lambdas/core/base/metric-names.ts",
  "lambdas/core/formats/known-formats.ts",
  "lambdas/core/workspace/retention.ts",
  "lambdas/core/delivery/retry-schedule.ts",
]);

/**
 * The folders of core, lowest first. A file imports only from its own folder and from those listed before it, including
 * type-only imports.
 */
const CORE_LAYERS = [
  "base",
  "egress",
  "workspace",
  "entry",
  "journal",
  "formats",
  "destination",
  "delivery",
  "lane",
  "fan-out",
  "retention",
  "reading",
  "proof",
  "api",
];

/** Packages that only compute: the same input always gives the same output. */
const PURE_PACKAGES = new Set(["zod/mini", "ulid", "node:crypto", "node:zlib", "node:net", "node:util"]);

/** Lines of a function itself, without those of the functions inside it. */
const MAX_FUNCTION_LINES = 40;
/** Constructs are longer, because a constructor lists what the construct consists of. */
const MAX_CONSTRUCTOR_LINES = 80;
/** Includes the functions inside it, because a factory with many small functions is hard to read too. */
const MAX_FACTORY_LINES = 100;
const MAX_FILE_LINES = 250;

function violations(
  files: readonly SourceFile[],
  isWrong: (file: SourceFile, found: Import) => boolean,
): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((found) => isWrong(file, found))
      .map((found) => `${file.path} imports ${found.target}`),
  );
}

function findings(
  files: readonly SourceFile[],
  describeNode: (node: SyntaxNode) => string | undefined,
): string[] {
  return files.flatMap((file) =>
    file.nodes.flatMap((node) => {
      const finding = describeNode(node);
      return finding === undefined ? [] : [`${file.path}:${lineAt(file, node)} ${finding}`];
    }),
  );
}

/** Position of a core file in the order of layers; -1 for a file outside of them. */
function layerOf(path: string): number {
  const [, , folder = ""] = path.split("/");
  return isIn(path, "lambdas/core") ? CORE_LAYERS.indexOf(folder) : -1;
}

function isIn(path: string, ...folders: string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

/** The text found at this path of properties, or an empty string. */
function textAt(node: SyntaxNode, ...properties: string[]): string {
  let value: unknown = node;
  for (const property of properties) value = Reflect.get(Object(value), property);
  return typeof value === "string" ? value : "";
}

describe("core", () => {
  const core = below("lambdas/core");

  it("imports only itself and packages that only compute", () => {
    expect(
      violations(core, (_, { target, relative, typeOnly }) =>
        relative ? !isIn(target, "lambdas/core") : !typeOnly && !PURE_PACKAGES.has(target),
      ),
    ).toEqual([]);
  });

  it("has no file outside the layers", () => {
    expect(core.filter(({ path }) => layerOf(path) === -1).map(({ path }) => path)).toEqual([]);
  });

  it("imports only from its own layer and those before it, including types", () => {
    expect(violations(core, ({ path }, { target }) => layerOf(target) > layerOf(path))).toEqual([]);
  });

  it("uses no environment, clock, randomness, timer or network", () => {
    const members = new Set(["process.env", "Date.now", "Math.random", "performance.now"]);
    const calls = new Set(["setTimeout", "setInterval", "fetch", "randomBytes", "randomUUID"]);
    expect(
      findings(core, (node) => {
        const member = `${textAt(node, "object", "name")}.${textAt(node, "property", "name")}`;
        if (node.type === "MemberExpression" && members.has(member)) return member;
        const callee = textAt(node, "callee", "name");
        if (node.type === "CallExpression" && calls.has(callee)) return `${callee}()`;
        const isNow =
          node.type === "NewExpression" && Array.isArray(node["arguments"]) && node["arguments"].length === 0;
        return isNow && textAt(node, "callee", "name") === "Date" ? "new Date()" : undefined;
      }),
    ).toEqual([]);
  });
});

describe("functions", () => {
  it("never import one another, because shared code is in core or adapters", () => {
    expect(violations(below("lambdas"), (_, { target }) => entries.has(target))).toEqual([]);
  });

  it("reach AWS only through adapters", () => {
    const others = below("lambdas").filter(({ path }) => !isIn(path, "lambdas/adapters"));
    expect(
      violations(others, (_, { target, typeOnly }) => target.startsWith("@aws-sdk/") && !typeOnly),
    ).toEqual([]);
  });

  it("create AWS clients in one file, which sets the time limit of each", () => {
    const others = below("lambdas").filter(({ path }) => path !== "lambdas/adapters/aws-clients.ts");
    const made = findings(others, (node) => {
      const name = textAt(node, "callee", "name");
      return node.type === "NewExpression" && name.endsWith("Client") ? `new ${name}()` : undefined;
    });
    expect(made).toEqual([]);
  });

  it("export one handler, which the pipeline creates from the wiring and the handler's factory", () => {
    const wrong = sources
      .filter(({ path }) => entries.has(path))
      .filter((file) => {
        const wiring = file.imports.filter(({ target }) => isIn(target, "lambdas/wiring"));
        const created = [...file.text.matchAll(/^export const handler = (.*);$/gm)].map(([, made]) => made);
        return (
          wiring.map(({ target }) => target).join() !== `lambdas/wiring/${basename(file.path)}` ||
          created.length !== 1 ||
          !/^createEntryPoint\(connect\w+, create\w+Handler\)$/.test(created[0] ?? "")
        );
      });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it("are wired in one folder, which no other file imports", () => {
    const others = below("lambdas").filter(({ path }) => !entries.has(path) && !isIn(path, "lambdas/wiring"));
    expect(violations(others, (_, { target }) => isIn(target, "lambdas/wiring"))).toEqual([]);
    const unwired = below("lambdas").filter(
      ({ path }) => !isIn(path, "lambdas/wiring") && path !== "lambdas/adapters/aws-clients.ts",
    );
    expect(
      findings(unwired, (node) => {
        const callee = textAt(node, "callee", "name");
        if (node.type === "CallExpression" && /^create\w+Client$/.test(callee)) return `${callee}()`;
        return node.type === "MemberExpression" && textAt(node, "object", "name") === "ENV"
          ? `ENV.${textAt(node, "property", "name")}`
          : undefined;
      }),
    ).toEqual([]);
  });

  it("read the environment in one file", () => {
    const others = below("lambdas").filter(({ path }) => path !== "lambdas/adapters/environment.ts");
    expect(others.filter(({ text }) => text.includes("process.env")).map(({ path }) => path)).toEqual([]);
  });

  it("use middy only in the pipeline", () => {
    const others = sources.filter(({ path }) => !isIn(path, "lambdas/pipeline"));
    expect(violations(others, (_, { target }) => target.startsWith("@middy/"))).toEqual([]);
  });

  it("import nothing from infrastructure, the local runtime or the command line", () => {
    expect(
      violations(below("lambdas"), (_, { target }) =>
        isIn(target, "lib", "bin", "packages", "@trailcast", "local", "cli", "bench", "test"),
      ),
    ).toEqual([]);
  });

  it("import adapters, which never import them", () => {
    expect(
      violations(
        below("lambdas/adapters"),
        (_, { target, relative }) => relative && !isIn(target, "lambdas/adapters", "lambdas/core"),
      ),
    ).toEqual([]);
  });
});

describe("the local stack's package", () => {
  const PACKAGE = "packages/local-stack";
  const manifest: { name: string; exports: Record<string, string>; dependencies: Record<string, string> } =
    JSON.parse(readFileSync(join(REPOSITORY, PACKAGE, "package.json"), "utf8"));
  const own = sources.filter(({ path }) => isIn(path, `${PACKAGE}/src`, `${PACKAGE}/bin`));
  const isOf = (target: string, name: string): boolean => target === name || target.startsWith(`${name}/`);

  it("imports nothing of Trailcast, and of others only what its manifest lists", () => {
    const known = ["node:", ...Object.keys(manifest.dependencies)];
    expect(
      violations(own, (_, { target, relative }) =>
        relative
          ? !isIn(target, `${PACKAGE}/src`)
          : !known.some((name) => (name === "node:" ? target.startsWith(name) : isOf(target, name))),
      ),
    ).toEqual([]);
  });

  it("does not mention Trailcast, except in its own name", () => {
    const mentions = own.filter(({ text }) => /trailcast/i.test(text.replaceAll(manifest.name, "")));
    expect(mentions.map(({ path }) => path)).toEqual([]);
  });

  it("is used through its entry points alone", () => {
    const entryPoints = new Set(Object.keys(manifest.exports).map((path) => posix.join(manifest.name, path)));
    const others = [...sources, ...readSources(["test"])].filter(({ path }) => !isIn(path, PACKAGE));
    expect(
      violations(others, (_, { target, relative }) =>
        relative ? isIn(target, "packages") : isOf(target, manifest.name) && !entryPoints.has(target),
      ),
    ).toEqual([]);
  });
});

describe("infrastructure", () => {
  it("shares only names and settings with the functions", () => {
    expect(
      violations(
        [...below("lib"), ...below("bin")],
        (_, { target, relative }) => relative && !isIn(target, "lib") && !NAMES_FOR_CONSTRUCTS.has(target),
      ),
    ).toEqual([]);
  });

  it("uses every file that it is allowed to share", () => {
    const shared = new Set(below("lib").flatMap(({ imports }) => imports.map(({ target }) => target)));
    expect([...NAMES_FOR_CONSTRUCTS].filter((path) => !shared.has(path))).toEqual([]);
  });
});

describe("console", () => {
  it("imports only types from other folders", () => {
    expect(
      violations(
        below("console"),
        (_, { target, relative, typeOnly }) => relative && !isIn(target, "console") && !typeOnly,
      ),
    ).toEqual([]);
  });

  it("uses nothing that exists only in Node, although the API's types include Node's", () => {
    const globals = new Set(["Buffer", "process", "require", "setImmediate", "__dirname"]);
    expect(
      findings(below("console"), (node) => {
        const name = node.type === "Identifier" ? textAt(node, "name") : "";
        return globals.has(name) ? name : undefined;
      }),
    ).toEqual([]);
  });
});

describe("source", () => {
  it("contains no type assertions", () => {
    expect(
      findings(product, (node) => {
        if (node.type === "TSAnyKeyword") return "any";
        if (node.type === "TSNonNullExpression") return "!";
        if (node.type !== "TSAsExpression" && node.type !== "TSTypeAssertion") return undefined;
        const name: unknown = Reflect.get(
          Object(Reflect.get(Object(node["typeAnnotation"]), "typeName")),
          "name",
        );
        return name === "const" ? undefined : "assertion";
      }),
    ).toEqual([]);
  });

  it("parses possibly invalid JSON in one place", () => {
    const declared = findings(sources, (node) =>
      node.type === "FunctionDeclaration" && textAt(node, "id", "name") === "parseJson"
        ? "parseJson"
        : undefined,
    ).filter((place) => !place.startsWith("packages/"));
    expect(declared).toEqual([expect.stringMatching(/^lambdas\/core\/base\/json\.ts:/)]);
  });

  it("suppresses no tool and contains no TODO", () => {
    const silence = /(?:ox|es)lint-disable|@ts-(?:ignore|expect-error|nocheck)|\b(?:TODO|FIXME|XXX|HACK)\b/;
    expect(sources.filter(({ text }) => silence.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it("has kebab-case file names that say what is inside", () => {
    const vague = /(?:^|[/-])(?:utils?|common|helpers?|misc)(?:[/.-])/;
    const wrong = sources.filter(
      ({ path }) => vague.test(path) || !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)?\.ts$/.test(basename(path)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it("has error classes whose names end in Error", () => {
    expect(
      findings(sources, (node) => {
        if (node.type !== "ClassDeclaration") return undefined;
        const name = textAt(node, "id", "name");
        const isError = textAt(node, "superClass", "name").endsWith("Error");
        return isError && !name.endsWith("Error") ? `class ${name}` : undefined;
      }),
    ).toEqual([]);
  });

  it("has no file that exceeds the line limit", () => {
    const long = sources.filter(({ lines }) => lines > MAX_FILE_LINES);
    expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  it("has no function that exceeds the line limit", () => {
    expect(longFunctions()).toEqual({});
  });
});

function longFunctions(): Record<string, number> {
  const long: Record<string, number> = {};
  for (const file of sources) {
    const constructors = new Set(
      file.nodes
        .filter((node) => node.type === "MethodDefinition" && node["kind"] === "constructor")
        .map((node) => node["value"]),
    );
    for (const node of file.nodes.filter(isFunction)) {
      const isConstruct = isIn(file.path, "lib") && constructors.has(node);
      const inner = outermostFunctions(node).reduce((sum, child) => sum + linesOf(file, child) - 1, 0);
      const lines = linesOf(file, node);
      const isLong = lines - inner > (isConstruct ? MAX_CONSTRUCTOR_LINES : MAX_FUNCTION_LINES);
      if (isLong || lines > MAX_FACTORY_LINES) long[`${file.path}:${nameOf(file, node)}`] = lines;
    }
  }
  return long;
}

function isFunction(node: SyntaxNode): boolean {
  return /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

/** The functions directly inside a node. */
function outermostFunctions(node: SyntaxNode): SyntaxNode[] {
  const nested = [...walk(node)].filter((child) => child !== node && isFunction(child));
  return nested.filter(
    (child) =>
      !nested.some((other) => other !== child && other.start <= child.start && child.end <= other.end),
  );
}

/** The name of a function, or the beginning of its line when it has none. */
function nameOf(file: SourceFile, node: SyntaxNode): string {
  return textAt(node, "id", "name") || (file.text.slice(0, node.start).split("\n").at(-1)?.trim() ?? "");
}
