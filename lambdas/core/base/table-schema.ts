/**
 * Keys of the tables, shared by the constructs that create them and the adapters that read and write them.
 *
 * - Events: one item for each entry. Stream NEW_IMAGE, TTL `expiresAt` (epoch seconds).
 * - Journal: one item for each page, numbered from 1 without gaps.
 * - Registry: workspace, destination and lane rows, all under the workspace; the index `due` finds lanes whose next
 *   attempt is due.
 * - Deliveries: the delivery log of a destination. A `whd_` id begins with its time, so that the sort key orders by
 *   time. TTL `expiresAt`.
 * - Receipts: one row for each removal by the purge, kept for ever. They are not in the Registry because the sweep
 *   scans all of it.
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
  /** A counter that limits a rate; the row has a TTL. */
  limit: (name: string, window: string): string => `limit#${name}#${window}`,
} as const;

/** The name of the lane that follows a destination's live events. The other lanes are replays (`rpl_…`). */
export const LIVE_LANE = "live";

const LANE_ITEM = /^lane#([^#]+)#([^#]+)$/;

/** The inverse of `registryItem.lane`; `undefined` for a sort key of another kind of row. */
export function laneOfItem(item: string): { destination: string; lane: string } | undefined {
  const [, destination, lane] = LANE_ITEM.exec(item) ?? [];
  return destination === undefined || lane === undefined ? undefined : { destination, lane };
}

/**
 * The only value of `dueShard`. The index holds only lanes that wait for more than a minute, which takes a few hundred
 * writes an hour.
 */
export const DUE_SHARD = "due";

/**
 * Partition key in the Events table. Shard 0 is the workspace itself; a very busy workspace is spread over further
 * shards.
 */
export function eventsPartition(workspace: string, shard: number): string {
  return shard === 0 ? workspace : `${workspace}/${shard}`;
}

/** The inverse of `eventsPartition`. */
export function workspaceOfPartition(partition: string): { workspace: string; shard: number } {
  const [workspace = "", shard = "0"] = partition.split("/");
  return { workspace, shard: Number(shard) };
}

/** Partition key in the Deliveries table. */
export function deliveriesPartition(workspace: string, destination: string): string {
  return `${workspace}/${destination}`;
}
