import { finishAbandoned } from "../core/destination/unfinished.ts";
import type { ManageDependencies } from "./dependencies.ts";

/** Finishes what an earlier request left half-done. Failures are ignored, because the daily purge does the same. */
export async function cleanUpOrphans(workspace: string, dependencies: ManageDependencies): Promise<void> {
  try {
    await finishAbandoned(workspace, dependencies);
  } catch (error) {
    dependencies.log.error("workspace.untidy", { workspace }, error);
  }
}
