import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import * as z from "zod";

const ROOT = join(import.meta.dirname, "..");
/** Marks in the SBOM what the functions contain: everything else is only installed with the package. */
const BUNDLED_PROPERTY = "trailcast:bundled-into-functions";
const LEGAL_FILE = /^(?:licen[cs]e|unlicense|notice|copying|copyright)[^.]*(?:\.(?:md|txt))?$/i;
const RULE = "-".repeat(80);

const componentSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  properties: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  licenses: z
    .array(
      z.union([z.object({ license: z.object({ id: z.string() }) }), z.object({ expression: z.string() })]),
    )
    .default([]),
});
type Component = z.infer<typeof componentSchema>;

const sbomSchema = z.looseObject({
  metadata: z.looseObject({ component: componentSchema }),
  components: z.array(componentSchema),
});
/** CycloneDX 1.5, as npm writes it. */
export type Sbom = z.infer<typeof sbomSchema>;

const lockSchema = z.object({
  name: z.string(),
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      dev: z.boolean().optional(),
      link: z.boolean().optional(),
    }),
  ),
});

/** A package cannot be accounted for; the message says why. */
export class ThirdPartyError extends Error {
  override readonly name = "ThirdPartyError";
}

/**
 * The packages that are installed with Trailcast, from npm, with those marked that its functions contain.
 * @param sources the files that the bundles are made of
 * @throws ThirdPartyError when a bundle contains a package that is no dependency
 */
export function describePackages(sources: readonly string[]): Sbom {
  const json = execFileSync(
    "npm",
    ["sbom", "--sbom-format=cyclonedx", "--sbom-type=application", "--no-workspaces"],
    {
      cwd: ROOT,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      // On Windows npm is a batch file.
      shell: process.platform === "win32",
    },
  );
  const sbom = sbomSchema.parse(JSON.parse(json));
  const { name, packages } = readLock();
  // npm takes the name from the folder.
  sbom.metadata.component.name = name;
  // `npm sbom --omit=dev` would also leave out what a workspace needs only for its tests and Trailcast needs at run time.
  const shipped = new Set(
    Object.entries(packages)
      .filter(([path, { dev, link }]) => path.includes("node_modules/") && dev !== true && link !== true)
      .map(([path, { version = "?" }]) => `${nameIn(path)}@${version}`),
  );
  sbom.components = sbom.components.filter((component) => shipped.has(idOf(component)));
  const components = new Map(sbom.components.map((component) => [idOf(component), component]));
  for (const id of bundledPackages(sources)) {
    const component = components.get(id);
    if (component === undefined)
      throw new ThirdPartyError(`${id} is bundled, but is not a dependency in package.json`);
    component.properties.push({ name: BUNDLED_PROPERTY, value: "true" });
  }
  return sbom;
}

/** `name@version` of each package that these files belong to. */
export function bundledPackages(sources: readonly string[]): string[] {
  const directories = sources.flatMap((file) => {
    const path = relative(ROOT, file).replaceAll("\\", "/");
    return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [];
  });
  const { packages } = readLock();
  return [...new Set(directories)].map(
    (directory) => `${nameIn(directory)}@${packages[directory]?.version ?? "?"}`,
  );
}

/** SPDX: an identifier or an expression. */
export function licenseOf({ licenses: [first] }: Component): string | undefined {
  if (first === undefined) return undefined;
  return "expression" in first ? first.expression : first.license.id;
}

/**
 * Names, licences and licence texts of all packages, for people.
 * @throws ThirdPartyError when a package has neither a licence text nor a licence with a standard text
 */
export function writeNotices(sbom: Sbom): string {
  const directories = new Map(
    Object.entries(readLock().packages).map(([path, { version = "" }]) => [
      `${nameIn(path)}@${version}`,
      path,
    ]),
  );
  const byText = new Map<string, Component[]>();
  for (const component of sbom.components) {
    const text = legalText(component, join(ROOT, directories.get(idOf(component)) ?? "node_modules/?"));
    byText.set(text, [...(byText.get(text) ?? []), component]);
  }
  const { name, version } = sbom.metadata.component;
  const introduction =
    `Third-party notices of ${name} ${version}\n\n` +
    "The packages below are installed with it; those marked with * are also contained in its functions.\n" +
    "Packages that share a licence text are listed together above it.\n";
  const sections = [...byText].map(([text, components]) => {
    const lines = components.map((component) => {
      const mark = component.properties.some((property) => property.name === BUNDLED_PROPERTY) ? " *" : "";
      return `${idOf(component)} (${licenseOf(component) ?? "see below"})${mark}`;
    });
    return `${RULE}\n${lines.join("\n")}\n\n${text}\n`;
  });
  return [introduction, ...sections].join("\n");
}

/** What a package says of its licence, or the standard text of the licence that it names. */
function legalText(component: Component, directory: string): string {
  const files = readdirSync(directory, { withFileTypes: true })
    .filter((file) => file.isFile() && LEGAL_FILE.test(file.name))
    .map((file) => readFileSync(join(directory, file.name), "utf8").replaceAll("\r\n", "\n").trim());
  if (files.length > 0) return files.join("\n\n");
  const license = licenseOf(component);
  if (license === undefined)
    throw new ThirdPartyError(`${idOf(component)} names no licence and has no text of one`);
  return `${standardText(license, idOf(component)).replace(/<year>\s*<copyright holders?>/i, `the authors of ${component.name}`)}`;
}

function standardText(license: string, id: string): string {
  try {
    const file = createRequire(import.meta.url).resolve(`spdx-license-list/licenses/${license}.json`);
    return z
      .object({ licenseText: z.string() })
      .parse(JSON.parse(readFileSync(file, "utf8")))
      .licenseText.trim();
  } catch (cause) {
    throw new ThirdPartyError(`${id} has no licence text, and ${license} has no standard one`, { cause });
  }
}

function idOf({ name, version }: Component): string {
  return `${name}@${version}`;
}

/** The name of the package in a directory of `node_modules`. */
function nameIn(directory: string): string {
  return directory.slice(directory.lastIndexOf("node_modules/") + "node_modules/".length);
}

function readLock(): z.infer<typeof lockSchema> {
  return lockSchema.parse(JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")));
}
