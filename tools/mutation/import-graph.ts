import { readSources } from "../../test/helpers/source-files.ts";

/** The files that import one, directly or through others, and itself. Imports of types alone do not count. */
export type Importers = (file: string) => ReadonlySet<string>;

/** Reads every source and test of the repository. Files are named from its root. */
export function readImportGraph(): Importers {
  const importers = new Map<string, string[]>();
  for (const { path, imports } of readSources([
    "lambdas",
    "lib",
    "local",
    "packages",
    "cli",
    "bench",
    "test",
  ])) {
    for (const { target, relative, typeOnly } of imports) {
      if (!relative || typeOnly) continue;
      importers.set(target, [...(importers.get(target) ?? []), path]);
    }
  }
  return (file) => {
    const found = new Set([file]);
    // The iteration of a set goes on to what is added meanwhile.
    for (const current of found) for (const importer of importers.get(current) ?? []) found.add(importer);
    return found;
  };
}
