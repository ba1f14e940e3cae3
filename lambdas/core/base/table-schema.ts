/**
 * Keys of the tables, once for the constructs that create them and the adapters that read and write them.
 *
 * - Events: one item an entry. Stream NEW_IMAGE, TTL `expiresAt` (epoch seconds).
 * - Journal: one item a page, numbered from 1 without holes.
 * - Registry: workspace, destination and lane rows, all under the workspace; `due` finds lanes whose next attempt has come.
 * - Deliveries: the delivery log of a destination; a `whd_` id begins with its time, so the sort key is the order of time. TTL `expiresAt`.
 * - Receipts: what the purge removed, one row a removal, for ever: apart from the Registry, which is scanned whole.
 * - Quarantine: stream records that fan-out could not process.
 */
export const EVENTS = { partition: "partition", entry: "entry", ttl: "expiresAt" } as const;
export const JOURNAL = { workspace: "workspace", page: "page" } as const;
export const REGISTRY = {
  workspace: "workspace",
  item: "item",
  ttl: "expiresAt",
  due: { index: "due", shard: "dueShard", at: "nextAttemptAt" },
} as const;
export const DELIVERIES = { destination: "destination", delivery: "delivery", ttl: "expiresAt" } as const;
export const RECEIPTS = { workspace: "workspace", receipt: "receipt" } as const;
export const QUARANTINE = { label: "label", sequenceNumber: "sequenceNumber" } as const;

/** Sort keys of the Registry. */
export const registryItem = {
  workspace: "workspace",
  destination: (destination: string): string => `destination#${destination}`,
  destinations: "destination#",
  lane: (destination: string, lane: string): string => `lane#${destination}#${lane}`,
  lanesOf: (destination: string): string => `lane#${destination}#`,
  lanes: "lane#",
  /** A counter that limits a rate, with its own TTL. */
  limit: (name: string, window: string): string => `limit#${name}#${window}`,
} as const;

/** The name of a destination's own lane; others are those of replays (`rpl_…`). */
export const LIVE_LANE = "live";

const LANE_ITEM = /^lane#([^#]+)#([^#]+)$/;

/** The inverse of `registryItem.lane`; `undefined` for what is no lane. */
export function laneOfItem(item: string): { destination: string; lane: string } | undefined {
  const [, destination, lane] = LANE_ITEM.exec(item) ?? [];
  return destination === undefined || lane === undefined ? undefined : { destination, lane };
}

/** The one value of `dueShard`: the index holds only lanes that wait more than a minute, a few hundred writes an hour. */
export const DUE_SHARD = "due";

/** Partition of the Events table. A giant's workspace is spread over `shard` 1 and above; 0 is the plain workspace. */
export function eventsPartition(workspace: string, shard: number): string {
  return shard === 0 ? workspace : `${workspace}/${shard}`;
}

/** The inverse of `eventsPartition`. */
export function workspaceOfPartition(partition: string): { workspace: string; shard: number } {
  const [workspace = "", shard = "0"] = partition.split("/");
  return { workspace, shard: Number(shard) };
}

/** Partition of the Deliveries table. */
export function deliveriesPartition(workspace: string, destination: string): string {
  return `${workspace}/${destination}`;
}
