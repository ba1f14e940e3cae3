import { type DeliveryAnswer, deliveryListSchema, deliverySchema } from "../lambdas/core/api/delivery-api.ts";
import type { ChainFinding, ChainOfLane } from "../lambdas/core/proof/verify-chain.ts";
import { type ApiClient, ApiRefusedError } from "./api-client.ts";

/** The delivery log of one destination, read through the API. */
export interface DeliveryLog {
  /** The newest delivered records at the time the log was opened. */
  taken: readonly DeliveryAnswer[];
  find(id: string): Promise<DeliveryAnswer | undefined>;
}

/**
 * Opens the delivery log of a destination.
 *
 * @throws ApiRefusedError when there is no such destination
 */
export async function openDeliveryLog(
  api: ApiClient,
  workspace: string,
  destination: string,
): Promise<DeliveryLog> {
  const path = `/v1/workspaces/${workspace}/destinations/${destination}/deliveries`;
  const { body } = await api.call("GET", `${path}?outcome=delivered&limit=100`);
  return {
    taken: deliveryListSchema.parse(body).items,
    async find(id) {
      try {
        return deliverySchema.parse((await api.call("GET", `${path}/${id}`)).body);
      } catch (error) {
        if (error instanceof ApiRefusedError && error.status === 404) return undefined;
        throw error;
      }
    },
  };
}

/** A delivery number that is missing from the receiver's files. `outcome` is missing when no log has the delivery. */
export interface UnkeptNumber {
  lane: string;
  number: number;
  /** How many consecutive numbers, ending with this one, are in no log. */
  count: number;
  id?: string;
  outcome?: DeliveryAnswer["outcome"];
}

/** True if the delivery was closed without a 2xx, so the receiver has no copy to keep. */
export function isOnRecord({ outcome }: UnkeptNumber): boolean {
  return outcome === "split" || outcome === "recut" || outcome === "expired" || outcome === "skipped";
}

/**
 * Looks up the numbers of a gap. It starts at the delivery after the gap and follows `previousId` backwards through the
 * log.
 */
export async function lookUpGap(
  { lane = "", number: from = 0, toNumber: to = 0, delivery = "" }: ChainFinding,
  logs: readonly DeliveryLog[],
): Promise<UnkeptNumber[]> {
  const found: UnkeptNumber[] = [];
  let id = delivery;
  for await (const record of recordsBack({ lane, number: to, id }, logs)) {
    found.unshift(unkeptOf(record));
    if (record.number === from) return found;
    id = record.previousId;
  }
  const number = to - found.length;
  return [{ lane, number, count: number - from + 1, id }, ...found];
}

/**
 * Looks up the deliveries before the first one in the files, back to the beginning of the lane or to a delivery of
 * `known`. Returns `undefined` when the receiver accepted one of them, or no log has it.
 */
export async function lookUpBeginning(
  { lane, first, previousId: id }: ChainOfLane,
  logs: readonly DeliveryLog[],
  known: readonly string[],
): Promise<{ closed: UnkeptNumber[]; after: string } | undefined> {
  const closed: UnkeptNumber[] = [];
  for await (const record of recordsBack({ lane, number: first - 1, id }, logs)) {
    const unkept = unkeptOf(record);
    if (!isOnRecord(unkept)) return undefined;
    closed.unshift(unkept);
    const after = record.previousId;
    if (record.number === 1 || known.includes(after)) return { closed, after };
  }
  return undefined;
}

function unkeptOf({ lane, number, id, outcome }: DeliveryAnswer): UnkeptNumber {
  return { lane, number, count: 1, id, outcome };
}

/**
 * Limits the API calls for one gap, because each number costs one. A gap of thousands does not come from a few splits.
 */
const MAX_LOOKED_UP = 200;

/** Yields the records of a lane from `number` downwards by following `previousId`, until no log has the next one. */
async function* recordsBack(
  from: { lane: string; number: number; id: string },
  logs: readonly DeliveryLog[],
): AsyncGenerator<DeliveryAnswer> {
  let { id } = from;
  for (let number = from.number; number > Math.max(0, from.number - MAX_LOOKED_UP); number--) {
    const record = await findIn(logs, id);
    if (record?.lane !== from.lane || record.number !== number) return;
    yield record;
    id = record.previousId;
  }
}

async function findIn(logs: readonly DeliveryLog[], id: string): Promise<DeliveryAnswer | undefined> {
  for (const log of logs) {
    const record = await log.find(id);
    if (record !== undefined) return record;
  }
  return undefined;
}

/**
 * Returns the deliveries that the receiver accepted after the last one in its files, oldest first, within the newest
 * records of the log.
 */
export async function takenAfter(
  { lane, last, lastId }: ChainOfLane,
  logs: readonly DeliveryLog[],
): Promise<DeliveryAnswer[]> {
  for (const { taken, find } of logs) {
    const later = taken.filter((record) => record.lane === lane && record.number > last);
    // Every destination has a lane `live`. Only the log that contains the last delivery belongs to this one.
    if (later.length > 0 && (await find(lastId)) !== undefined)
      return later.toSorted((one, other) => one.number - other.number);
  }
  return [];
}
