import type { Clock } from "./clock.ts";
import { toTimestamp } from "./clock.ts";
import type { PostedEvent } from "./event-schema.ts";
import type { Log, Metrics } from "./log.ts";
import { METRIC } from "./metric-names.ts";
import type { Receipt } from "./receipt.ts";
import { recordOwnEvent, type Recorder } from "./record-entry.ts";
import type { PurgeDependencies } from "./run-purge.ts";
import type { WorkspaceReader } from "./stores.ts";

/** Who did it, when nobody asked: the daily purge. */
export const RETENTION_ACTOR = { type: "system", id: "trailcast.retention" } as const;

export interface PurgeNoticeDependencies {
  workspaces: WorkspaceReader;
  recorder: Recorder & { clock: Clock };
  log: Log;
  metrics: Metrics;
}

/** What retention tells the owner: audit events of the workspace, each recorded once however often it is told. */
export function createPurgeNotices({
  workspaces,
  recorder,
  log,
  metrics,
}: PurgeNoticeDependencies): Pick<PurgeDependencies, "receiptClosed" | "owedExpiring"> {
  const tell = async (workspaceId: string, event: PostedEvent, idempotencyKey: string): Promise<void> => {
    const workspace = await workspaces.readWorkspace(workspaceId);
    // An ended workspace records nothing more; the receipt is its proof.
    if (workspace === undefined || workspace.endedAt !== undefined) return;
    await recordOwnEvent({ workspace, event, idempotencyKey }, recorder);
  };
  return {
    receiptClosed: async (receipt) => {
      const { workspace, events, receipt: id, toPage } = receipt;
      metrics.count(METRIC.purgedEntries, events);
      log.info("receipt.closed", { workspace, receipt: id, count: events, page: toPage });
      await tell(workspace, purgedEvent(receipt), `receipt ${id}`);
    },
    owedExpiring: async (workspace, destination, oldestAt) => {
      const day = toTimestamp(recorder.clock()).slice(0, 10);
      log.warn("retention.owed", { workspace, destination });
      await tell(workspace, owedEvent(destination, oldestAt), `owed ${destination} ${day}`);
    },
  };
}

function purgedEvent(receipt: Receipt): PostedEvent {
  const { workspace: _workspace, item: _item, state: _state, ...facts } = receipt;
  return {
    category: "retention",
    action: "purged",
    actor: RETENTION_ACTOR,
    target: { type: "receipt", id: receipt.receipt },
    description: `${receipt.events} events that were past their retention were removed`,
    metadata: facts,
  };
}

function owedEvent(destination: string, oldestAt: string): PostedEvent {
  return {
    category: "webhook",
    action: "delivery_expiring",
    actor: RETENTION_ACTOR,
    target: { type: "destination", id: destination },
    description: "Events that were not delivered yet are about to pass their retention",
    metadata: { oldestUndeliveredAt: oldestAt },
  };
}
