import { buildEntry, eventIdsOf, sha256 } from "./build-entry.ts";
import type { Clock } from "../base/clock.ts";
import type { Plans, Workspace } from "../workspace/entitlement.ts";
import type { EnvelopeSettings } from "./envelope.ts";
import type { PostedEvent } from "./event-schema.ts";
import { entryKeyOf, newEntryKey, shardOf } from "../base/ids.ts";
import type { Problem } from "../base/problem.ts";
import type { RandomBytes } from "../base/random.ts";
import { recordedDays } from "../workspace/retention.ts";
import type { EntryStore } from "./entry-store.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

/** What recording depends on. `shards` holds the number of Events shards of very busy workspaces. */
export interface Recorder {
  entries: EntryStore;
  clock: Clock;
  random: RandomBytes;
  settings: EnvelopeSettings & { plans: Plans; shards: Readonly<Record<string, number>> };
}

export interface RecordRequest {
  workspace: Workspace;
  events: readonly PostedEvent[];
  /** SHA-256 (hex) of the request. */
  requestHash: string;
  idempotencyKey?: string | undefined;
  trace?: string | undefined;
  retentionInternal?: boolean | undefined;
}

export interface Recorded {
  entry: string;
  events: string[];
  bytes: number;
  /** True if the same request was recorded before: the ids are those of the first time, and nothing was written. */
  duplicate: boolean;
}

function keyReused(): Problem {
  return {
    kind: "idempotency-key-reused",
    title: "The Idempotency-Key was used with another body",
    status: 409,
    detail: "Send a new key with a new request, and the same body with a repeat of the same request.",
    field: "Idempotency-Key",
  };
}

/** Records all events of a request as one entry with one conditional put, or none of them. */
export async function recordEntry(
  request: RecordRequest,
  recorder: Recorder,
): Promise<{ ok: true; recorded: Recorded } | { ok: false; problem: Problem }> {
  const { workspace: row, idempotencyKey, requestHash, events } = request;
  const { clock, random, settings, entries } = recorder;
  const { workspace } = row;
  const key = idempotencyKey === undefined ? newEntryKey(random) : entryKeyOf(workspace, idempotencyKey);
  const shard = shardOf(key, settings.shards[workspace] ?? 1);
  const now = clock();
  const days = recordedDays(row, settings.plans, now);
  const built = buildEntry(
    {
      workspace,
      entry: key,
      shard,
      events,
      requestHash,
      trace: request.trace,
      keptDays: days,
      retentionInternal: request.retentionInternal,
    },
    now,
    settings,
  );
  if (!built.ok) return built;
  const put = await entries.putEntry(built.entry);
  const entry = put.kind === "recorded" ? built.entry : put.entry;
  if (entry.requestHash !== requestHash) return { ok: false, problem: keyReused() };
  // A random key can only be taken by our own put, which the SDK repeated because its answer was lost.
  const duplicate = put.kind === "exists" && idempotencyKey !== undefined;
  return {
    ok: true,
    recorded: { entry: entry.entry, events: eventIdsOf(entry), bytes: entry.bytes, duplicate },
  };
}

// An HTTP header cannot contain a newline, so the key of an emitter can never equal one of Trailcast itself.
const OWN_KEY = "\n";

/** The key of the entry that holds an event of Trailcast itself, recorded under an idempotency key. */
export function ownEntryKeyOf(workspace: string, idempotencyKey: string): string {
  return entryKeyOf(workspace, OWN_KEY + idempotencyKey);
}

/** Thrown when an event that Trailcast records about itself is refused by its own rules. This is a fault of Trailcast. */
export class OwnEventError extends TrailcastError {
  override name = "OwnEventError";
}

/**
 * Records an event of Trailcast itself (`{prefix}.webhook.created`, …) in the workspace's log and returns its id. With
 * an `idempotencyKey` that derives from the fact (`whd_… suspended`), a repeat records nothing more.
 */
export async function recordOwnEvent(
  own: {
    workspace: Workspace;
    event: PostedEvent;
    idempotencyKey?: string;
    trace?: string | undefined;
    retentionInternal?: boolean;
  },
  recorder: Recorder,
): Promise<{ event: string; duplicate: boolean }> {
  const { workspace, event, idempotencyKey, trace, retentionInternal } = own;
  const result = await recordEntry(
    {
      workspace,
      events: [event],
      // The key alone identifies the fact. A repeat that differs in its time or a count is still the same fact.
      requestHash: sha256(idempotencyKey ?? JSON.stringify(event)),
      idempotencyKey: idempotencyKey === undefined ? undefined : OWN_KEY + idempotencyKey,
      trace,
      retentionInternal,
    },
    recorder,
  );
  const [first] = result.ok ? result.recorded.events : [];
  if (!result.ok || first === undefined)
    throw new OwnEventError(`An event ${event.category}.${event.action} of our own was refused`);
  return { event: first, duplicate: result.recorded.duplicate };
}
