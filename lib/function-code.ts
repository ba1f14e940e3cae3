import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Code } from "aws-cdk-lib/aws-lambda";

/** The functions of the stack by their file in `lambdas/`. Each exports `handler`. */
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

/** Provides the bundle of a function: a directory with `index.mjs`. */
export type FunctionCode = (entry: FunctionEntry) => Code;

/** Thrown when the package was not built: the bundles of its functions are missing beside its constructs. */
export class FunctionCodeMissingError extends Error {
  override readonly name = "FunctionCodeMissingError";

  constructor(directory: string) {
    super(
      `No bundled function in ${directory}. Build the package first (npm run prepack), or pass functionCode.`,
    );
  }
}

/** The bundles that `npm pack` includes with these constructs, so that other CDK apps need no bundler for them. */
export const packagedFunctions: FunctionCode = (entry) => {
  const directory = fileURLToPath(new URL(`../functions/${entry}`, import.meta.url));
  if (!existsSync(directory)) throw new FunctionCodeMissingError(directory);
  return Code.fromAsset(directory);
};
