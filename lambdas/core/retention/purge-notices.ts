import { type Clock, toTimestamp } from "../base/clock.ts";
import type { PostedEvent } from "../entry/event-schema.ts";
import type { Log, Metrics } from "../base/log.ts";
import { METRIC } from "../base/metric-names.ts";
import type { OwnerEvents } from "../destination/owner-event.ts";
import { purgedFacts, purgedKey, type Receipt } from "./receipt.ts";
import { recordOwnEvent, type Recorder } from "../entry/record-entry.ts";
import type { PurgeDependencies } from "./run-purge.ts";
import type { DestinationReader } from "../destination/destination-store.ts";
import type { WorkspaceReader } from "../workspace/workspace-store.ts";

/** The actor of events that the daily purge records. */
export const RETENTION_ACTOR = { type: "system", id: "trailcast.retention" } as const;

export interface PurgeNoticeDependencies {
  workspaces: WorkspaceReader;
  destinations: DestinationReader;
  events: OwnerEvents;
  recorder: Recorder & { clock: Clock };
  log: Log;
  metrics: Metrics;
}

/**
 * Notices of retention to the owner: audit events of the workspace, each recorded once even if the notice is repeated.
 * Undelivered events that are about to expire are announced on the stack's event bus too.
 */
export function createPurgeNotices(
  dependencies: PurgeNoticeDependencies,
): Pick<PurgeDependencies, "receiptClosed" | "undeliveredExpiring"> {
  const { workspaces, recorder, log, metrics } = dependencies;
  /** Records an event; `known` if it was recorded before, `silent` if the workspace records nothing any more. */
  const record = async (
    workspaceId: string,
    event: PostedEvent,
    idempotencyKey: string,
  ): Promise<"news" | "known" | "silent"> => {
    const workspace = await workspaces.readWorkspace(workspaceId);
    // An ended workspace records nothing more; its receipts remain as proof.
    if (workspace === undefined || workspace.endedAt !== undefined) return "silent";
    const { duplicate } = await recordOwnEvent(
      { workspace, event, idempotencyKey, retentionInternal: true },
      recorder,
    );
    return duplicate ? "known" : "news";
  };
  return {
    receiptClosed: async (receipt) => {
      const { workspace, events, receipt: id, toPage } = receipt;
      metrics.count(METRIC.purgedEntries, events);
      log.info("receipt.closed", { workspace, receipt: id, count: events, page: toPage });
      const outcome = await record(workspace, purgedEvent(receipt), purgedKey(id));
      return outcome === "silent" ? "silent" : "recorded";
    },
    undeliveredExpiring: async (workspace, destination, oldestAt) => {
      const at = toTimestamp(recorder.clock());
      log.warn("retention.undelivered-expiring", { workspace, destination });
      const outcome = await record(
        workspace,
        expiringEvent(destination, oldestAt),
        `owed ${destination} ${at.slice(0, 10)}`,
      );
      if (outcome === "news") await putExpiring({ workspace, destination, oldestAt, at }, dependencies);
    },
  };
}

/** A failure of the event bus does not hold up the purge; the next day's purge announces it again. */
async function putExpiring(
  owed: { workspace: string; destination: string; oldestAt: string; at: string },
  { destinations, events, log }: PurgeNoticeDependencies,
): Promise<void> {
  const { workspace, destination, oldestAt, at } = owed;
  try {
    const row = await destinations.readDestination(workspace, destination);
    const detail = { workspace, destination, name: row?.name, at, oldestUndeliveredAt: oldestAt };
    await events.put({ detailType: "Events expiring", detail });
  } catch (error) {
    log.error("owner.notice-failed", { workspace, destination, outcome: "expiring" }, error);
  }
}

function purgedEvent(receipt: Receipt): PostedEvent {
  return {
    category: "retention",
    action: "purged",
    actor: RETENTION_ACTOR,
    target: { type: "receipt", id: receipt.receipt },
    description: `${receipt.events} events that were past their retention were removed`,
    metadata: purgedFacts(receipt),
  };
}

function expiringEvent(destination: string, oldestAt: string): PostedEvent {
  return {
    category: "webhook",
    action: "delivery_expiring",
    actor: RETENTION_ACTOR,
    target: { type: "destination", id: destination },
    description: "Events that were not delivered yet are about to pass their retention",
    metadata: { oldestUndeliveredAt: oldestAt },
  };
}
