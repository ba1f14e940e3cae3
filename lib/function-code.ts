import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Code } from "aws-cdk-lib/aws-lambda";

/** The functions of the stack, by their file below `lambdas/`. Each exports `handler`. */
export const FUNCTION_ENTRIES = [
  "ingest-entry",
  "fan-out-entries",
  "redrive-quarantine",
  "deliver-lane",
  "sweep-lanes",
  "manage/manage-workspaces",
  "read-events",
  "export-events",
  "plan-purge",
  "purge-workspace",
  "serve-public",
  "map-groups",
] as const;
export type FunctionEntry = (typeof FUNCTION_ENTRIES)[number];

/** Where a function's bundle (a directory with `index.mjs`) comes from. */
export type FunctionCode = (entry: FunctionEntry) => Code;

/** The package was not built: it has no bundles of its functions beside its constructs. */
export class FunctionCodeMissingError extends Error {
  override readonly name = "FunctionCodeMissingError";

  constructor(directory: string) {
    super(
      `No bundled function in ${directory}. Build the package first (npm run prepack), or pass functionCode.`,
    );
  }
}

/** The bundles that `npm pack` puts beside these constructs: another CDK app needs no bundler for them. */
export const packagedFunctions: FunctionCode = (entry) => {
  const directory = fileURLToPath(new URL(`../functions/${entry}`, import.meta.url));
  if (!existsSync(directory)) throw new FunctionCodeMissingError(directory);
  return Code.fromAsset(directory);
};
