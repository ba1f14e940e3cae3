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
 * Ends what requests of a workspace left half-done, should none come that would: secrets of destinations that never came to be or are
 * gone, and destinations of a workspace that has ended. Idempotent.
 */
export async function cleanUpWorkspace(workspace: string, dependencies: CleanUpDependencies): Promise<void> {
  await finishAbandoned(workspace, dependencies);
  const row = await dependencies.registry.readWorkspace(workspace);
  if (row?.endedAt === undefined) return;
  await removeAllDestinations(row, { actor: OWN_ACTOR, trace: undefined }, dependencies);
}
