import { buildEntry, sha256 } from "./build-entry.ts";
import type { Plans, Workspace } from "../workspace/entitlement.ts";
import type { Entry } from "./entry.ts";
import type { EnvelopeSettings } from "./envelope.ts";
import type { PostedEvent } from "./event-schema.ts";
import { newEntryKey, shardOf } from "../base/ids.ts";
import type { RandomBytes } from "../base/random.ts";
import { OwnEventError } from "./record-entry.ts";
import { recordedDays } from "../workspace/retention.ts";

export interface OwnEntrySettings extends EnvelopeSettings {
  plans: Plans;
  shards: Readonly<Record<string, number>>;
}

/**
 * An entry with one event of Trailcast itself, to be written in the same transaction as the change that it records.
 * `now` in milliseconds.
 */
export function buildOwnEntry(
  own: { workspace: Workspace; event: PostedEvent; trace: string | undefined },
  now: number,
  random: RandomBytes,
  settings: OwnEntrySettings,
): Entry {
  const { workspace: row, event, trace } = own;
  const entry = newEntryKey(random);
  const built = buildEntry(
    {
      workspace: row.workspace,
      entry,
      shard: shardOf(entry, settings.shards[row.workspace] ?? 1),
      events: [event],
      requestHash: sha256(JSON.stringify(event)),
      trace,
      keptDays: recordedDays(row, settings.plans, now),
    },
    now,
    settings,
  );
  if (!built.ok) throw new OwnEventError("An event of our own was refused");
  return built.entry;
}
