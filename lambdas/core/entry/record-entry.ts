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

/** What recording needs; `shards` names the giants' number of shards by workspace. */
export interface Recorder {
  entries: EntryStore;
  clock: Clock;
  random: RandomBytes;
  settings: EnvelopeSettings & { plans: Plans; shards: Readonly<Record<string, number>> };
}

export interface RecordRequest {
  workspace: Workspace;
  events: readonly PostedEvent[];
  /** SHA-256 (hex) of what was asked. */
  requestHash: string;
  idempotencyKey?: string | undefined;
  trace?: string | undefined;
  retentionInternal?: boolean | undefined;
}

export interface Recorded {
  entry: string;
  events: string[];
  bytes: number;
  /** The same request had been recorded before: these are its ids, and nothing was written. */
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

/** Records the events as one entry, or nothing: one conditional put. */
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
  // A random key is taken only by our own put, which the SDK sent again because its answer was lost.
  const duplicate = put.kind === "exists" && idempotencyKey !== undefined;
  return {
    ok: true,
    recorded: { entry: entry.entry, events: eventIdsOf(entry), bytes: entry.bytes, duplicate },
  };
}

// A header cannot carry a newline, so no emitter's key can take the place of one of ours.
const OWN_KEY = "\n";

/** The key of the entry that holds an event of ours which was recorded under an idempotency key. */
export function ownEntryKeyOf(workspace: string, idempotencyKey: string): string {
  return entryKeyOf(workspace, OWN_KEY + idempotencyKey);
}

/** An event that Trailcast records about itself cannot be built: a fault of ours. */
export class OwnEventError extends TrailcastError {
  override name = "OwnEventError";
}

/**
 * Records an event of Trailcast itself (`{prefix}.webhook.created`, …) in the workspace's own log; answers its id.
 * With an `idempotencyKey` that derives from the fact (`whd_… suspended`), a repeat records nothing more.
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
      // The fact is the key: what a repeat would say differently (its time, a count) is not another fact.
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
