import type { Workspace } from "../workspace/entitlement.ts";
import { OWN_ACTOR } from "../destination/management-event.ts";
import { type RemovalOfDestinations, removeAllDestinations } from "../destination/remove-destination.ts";
import { finishAbandoned } from "../destination/unfinished.ts";

export interface CleanUpDependencies extends RemovalOfDestinations {
  registry: RemovalOfDestinations["registry"] & {
    readWorkspace(workspace: string): Promise<Workspace | undefined>;
  };
}

/**
 * Finishes what requests of a workspace left unfinished and no later request took up: removes secrets of destinations
 * that were never created or are deleted, and destinations of a workspace that has ended. Idempotent.
 */
export async function cleanUpWorkspace(workspace: string, dependencies: CleanUpDependencies): Promise<void> {
  await finishAbandoned(workspace, dependencies);
  const row = await dependencies.registry.readWorkspace(workspace);
  if (row?.endedAt === undefined) return;
  await removeAllDestinations(row, { actor: OWN_ACTOR, trace: undefined }, dependencies);
}
