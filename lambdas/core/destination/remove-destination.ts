import { toTimestamp } from "../base/clock.ts";
import type { Destination } from "./destination.ts";
import type { Workspace } from "../workspace/entitlement.ts";
import { LIVE_LANE, registryItem } from "../base/table-schema.ts";
import type { Log } from "../base/log.ts";
import { type Actor, webhookEvent } from "./management-event.ts";
import { buildOwnEntry, type OwnEntrySettings } from "../entry/own-entry.ts";
import type { RandomBytes } from "../base/random.ts";
import { DESTINATION_COUNT } from "./registry-write.ts";
import { finishRemoval, type Unfinished, type UnfinishedDependencies, unfinishedItem } from "./unfinished.ts";

export interface RemovalOfDestinations extends UnfinishedDependencies {
  registry: UnfinishedDependencies["registry"] & {
    readDestination(workspace: string, destination: string): Promise<Destination | undefined>;
    listDestinations(workspace: string, after: string | undefined, limit: number): Promise<Destination[]>;
  };
  random: RandomBytes;
  settings: OwnEntrySettings;
  log: Log;
}

export interface Remover {
  actor: Actor;
  trace: string | undefined;
}

/**
 * Removes a destination with its lane and records that in one transaction, then its secret and the rows of replays. If
 * a step after the transaction fails, `finishAbandoned` repeats it: the row that leads to the secret stays until
 * everything is removed.
 */
export async function removeDestination(
  workspace: Workspace,
  row: Destination,
  remover: Remover,
  dependencies: RemovalOfDestinations,
): Promise<"removed" | "stale"> {
  const { registry, clock, random, settings, log } = dependencies;
  const { destination, version, item } = row;
  const unfinished: Unfinished = {
    workspace: row.workspace,
    item: unfinishedItem(destination),
    destination,
    state: "removing",
    secretName: row.secretName,
    version: 1,
    since: toTimestamp(clock()),
  };
  const event = webhookEvent("deleted", remover.actor, row);
  const lane = registryItem.lane(destination, LIVE_LANE);
  const result = await registry.commit([
    { kind: "remove", key: { workspace: row.workspace, item }, version },
    { kind: "remove", key: { workspace: row.workspace, item: lane } },
    { kind: "count", key: { workspace: row.workspace, item: DESTINATION_COUNT }, by: -1 },
    { kind: "create", row: unfinished },
    {
      kind: "record",
      entry: buildOwnEntry({ workspace, event, trace: remover.trace }, clock(), random, settings),
    },
  ]);
  if (result.kind !== "committed") return "stale";
  try {
    await finishRemoval(unfinished, dependencies);
  } catch (error) {
    log.error("destination.removal-unfinished", { workspace: row.workspace, destination }, error);
  }
  return "removed";
}

/** Removes every destination of an ended workspace and finishes incomplete operations. Idempotent. */
export async function removeAllDestinations(
  workspace: Workspace,
  remover: Remover,
  dependencies: RemovalOfDestinations,
): Promise<"removed" | "stale"> {
  let stale = false;
  let after: string | undefined;
  for (;;) {
    const rows = await dependencies.registry.listDestinations(workspace.workspace, after, 100);
    for (const row of rows) {
      const removed = await removeDestination(workspace, row, remover, dependencies);
      stale ||= removed === "stale";
    }
    after = rows.at(-1)?.destination;
    if (after === undefined) return stale ? "stale" : "removed";
  }
}
