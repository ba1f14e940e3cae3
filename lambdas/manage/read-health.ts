import { type Health, healthOf } from "../core/health.ts";
import type { Lane } from "../core/lane.ts";
import type { Page } from "../core/page.ts";
import type { ManageDependencies } from "./dependencies.ts";

/** Reads the health of lanes of one workspace at this moment; the end of its journal is read once. */
export function createHealthReader(
  workspace: string,
  { journal }: ManageDependencies,
): (lane: Lane) => Promise<Health> {
  let newest: Promise<Page | undefined> | undefined;
  return async (lane) => {
    newest ??= journal.newestPage(workspace);
    const [next] = await journal.readPagesFrom(workspace, lane.cursor.page, 1);
    return healthOf(lane, { newest: await newest, next });
  };
}
