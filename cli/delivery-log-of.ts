import { type DeliveryAnswer, deliveryListSchema, deliverySchema } from "../lambdas/core/api/delivery-api.ts";
import type { ChainFinding, ChainOfLane } from "../lambdas/core/delivery/verify-chain.ts";
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

/** Each of a gap is one call: a gap of thousands is not a few splits. */
const MAX_LOOKED_UP = 200;

/** Looks up the numbers of a gap, from the last, which the delivery after it names, back along the log. */
export async function lookUpGap(
  { lane = "", number: from = 0, toNumber: to = 0, delivery }: ChainFinding,
  logs: readonly DeliveryLog[],
): Promise<UnkeptNumber[]> {
  const found: UnkeptNumber[] = [];
  let id = delivery;
  for (let number = to; number >= from; number--) {
    const record = id === undefined || found.length === MAX_LOOKED_UP ? undefined : await findIn(logs, id);
    if (record?.lane !== lane || record.number !== number)
      return [{ lane, number, count: number - from + 1, ...(id !== undefined && { id }) }, ...found];
    found.unshift({ lane, number, count: 1, id: record.id, outcome: record.outcome });
    id = record.previousId;
  }
  return found;
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
