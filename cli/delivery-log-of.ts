import { type DeliveryAnswer, deliveryListSchema, deliverySchema } from "../lambdas/core/api/delivery-api.ts";
import type { ChainFinding, ChainOfLane } from "../lambdas/core/proof/verify-chain.ts";
import { type ApiClient, ApiRefusedError } from "./api-client.ts";

/** What Trailcast's log says of one destination. */
export interface DeliveryLog {
  /** The newest that the receiver took, as they were when the log was opened. */
  taken: readonly DeliveryAnswer[];
  find(id: string): Promise<DeliveryAnswer | undefined>;
}

/** Opens the log of a destination; throws `ApiRefusedError` when there is no such destination. */
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

/** A number that the receiver did not keep. `outcome` is missing when no log has it. */
export interface UnkeptNumber {
  lane: string;
  number: number;
  /** So many numbers in a row, of which this is the last, that no log has. */
  count: number;
  id?: string;
  outcome?: DeliveryAnswer["outcome"];
}

/** Whether it closed in a way that is no fault of what was kept. */
export function isOnRecord({ outcome }: UnkeptNumber): boolean {
  return outcome === "split" || outcome === "recut" || outcome === "expired" || outcome === "skipped";
}

/** Looks up the numbers of a gap, from the last, which the delivery after it names, back along the log. */
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
 * How the numbers before the first of a chain closed, back to the beginning of its lane or to the one `after` a delivery that is known;
 * nothing when the receiver took one of them, or no log has it.
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

/** Each is one call: a gap of thousands is not a few splits. */
const MAX_LOOKED_UP = 200;

/** The records of a lane from `number` down, each named by the one after it, as long as a log has them. */
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

/** What the receiver took after the last that it kept of a lane, oldest first, as far as the newest of the log go back. */
export async function takenAfter(
  { lane, last, lastId }: ChainOfLane,
  logs: readonly DeliveryLog[],
): Promise<DeliveryAnswer[]> {
  for (const { taken, find } of logs) {
    const later = taken.filter((record) => record.lane === lane && record.number > last);
    // Every destination has a lane `live`: only the one that sent the last is meant.
    if (later.length > 0 && (await find(lastId)) !== undefined)
      return later.toSorted((one, other) => one.number - other.number);
  }
  return [];
}
