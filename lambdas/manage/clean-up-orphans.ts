import { finishAbandoned } from "../core/destination/unfinished.ts";
import type { ManageDependencies } from "./dependencies.ts";

/** Ends what a request before this one left half-done. It can wait: the daily purge does the same. */
export async function cleanUpOrphans(workspace: string, dependencies: ManageDependencies): Promise<void> {
  try {
    await finishAbandoned(workspace, dependencies);
  } catch (error) {
    dependencies.log.error("workspace.untidy", { workspace }, error);
  }
}
