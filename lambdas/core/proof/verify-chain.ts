import { chainsOfReceipts } from "./chains-of-receipts.ts";
import { type KeptRequest, readKeptRequest, type Receipt, type UnreadableRequest } from "./kept-request.ts";

export type { KeptRequest } from "./kept-request.ts";

/**
 * A finding in what a receiver kept.
 *
 * - `no-chain`: a request without a readable `X-Webhook-Chain`. `bad-signature`: none of the secrets signed both its
 *   body and its link.
 * - `missing`: deliveries `number` to `toNumber` were not kept; `delivery` is the id of the last of them, as the next
 *   one names it.
 * - `broken-link`: the delivery does not name the one before. `double-number`: two deliveries with one number.
 * - `changed-body`: a delivery was repeated with another body. `out-of-order`: it first arrived after number `after`.
 */
export interface ChainFinding {
  kind:
    | UnreadableRequest["kind"]
    | "missing"
    | "broken-link"
    | "double-number"
    | "changed-body"
    | "out-of-order";
  /** Index of the request, from 0; for `missing`, of the request after the gap. */
  request: number;
  lane?: string;
  number?: number;
  toNumber?: number;
  delivery?: string;
  after?: number;
}

/** One lane of one destination, from delivery `first` to `last`. */
export interface ChainOfLane {
  lane: string;
  /** The paths that it was sent to, in the order of its numbers. */
  paths: string[];
  /** Indices of the secrets that signed any of it. */
  signers: number[];
  first: number;
  last: number;
  lastId: string;
  /** The delivery before the first one; `-` at the beginning of the lane. */
  previousId: string;
  /**
   * True if nothing before `first` can be missing: it is the first of its lane, or follows a delivery that the caller
   * knows.
   */
  isWhole: boolean;
  deliveries: number;
  /** Number of requests that repeated an earlier one. */
  repeats: number;
}

export interface ChainReport {
  lanes: ChainOfLane[];
  findings: ChainFinding[];
  /** Those of `known` that no delivery follows. */
  unfollowed: string[];
}

/**
 * Verifies the chains of everything that was kept, given in the order of arrival. Without `secrets` signatures are not
 * checked. `known` are ids of deliveries up to which a lane was verified elsewhere.
 */
export function verifyChain(
  requests: readonly KeptRequest[],
  secrets: readonly string[],
  known: readonly string[] = [],
): ChainReport {
  const findings: ChainFinding[] = [];
  const receipts: Receipt[] = [];
  for (const [index, request] of requests.entries()) {
    const read = readKeptRequest(request, index, secrets);
    if ("kind" in read) findings.push(read);
    else receipts.push(read);
  }
  const lanes = chainsOfReceipts(receipts).map((chain) => {
    const { firsts, repeats } = keepFirsts(chain, findings);
    const sorted = firsts.toSorted((one, other) => one.link.number - other.link.number);
    for (const finding of findBreaks(sorted)) findings.push(finding);
    return { ...describeChain(sorted, known), repeats };
  });
  const named = new Set(receipts.flatMap(({ link }) => [link.id, link.previousId]));
  return { lanes, findings, unfollowed: known.filter((id) => !named.has(id)) };
}

/** The first request of each number. A repeat must be the same delivery with the same body. */
function keepFirsts(
  chain: readonly Receipt[],
  findings: ChainFinding[],
): { firsts: Receipt[]; repeats: number } {
  const kept = new Map<number, Receipt>();
  let newest = 0;
  let repeats = 0;
  for (const receipt of chain) {
    const { number } = receipt.link;
    const before = kept.get(number);
    if (before !== undefined) {
      const kind = differenceOf(before, receipt);
      if (kind === undefined) repeats += 1;
      else findings.push({ kind, ...placeOf(receipt) });
      continue;
    }
    kept.set(number, receipt);
    if (number < newest) findings.push({ kind: "out-of-order", ...placeOf(receipt), after: newest });
    newest = Math.max(newest, number);
  }
  return { firsts: [...kept.values()], repeats };
}

function differenceOf(one: Receipt, other: Receipt): ChainFinding["kind"] | undefined {
  if (one.link.id !== other.link.id) return "double-number";
  if (one.link.previousId !== other.link.previousId) return "broken-link";
  return one.body === other.body ? undefined : "changed-body";
}

function placeOf({ request, link }: Receipt): Omit<ChainFinding, "kind"> {
  return { request, lane: link.lane, number: link.number, delivery: link.id };
}

/** Finds gaps and wrong links between deliveries in the order of their numbers. */
function findBreaks(sorted: readonly Receipt[]): ChainFinding[] {
  const ids = new Set(sorted.map(({ link }) => link.id));
  return sorted.flatMap((receipt, index): ChainFinding[] => {
    const { number, previousId } = receipt.link;
    const before = sorted[index - 1]?.link;
    const isBeginning = previousId === "-";
    if (before?.number === number - 1 ? previousId !== before.id : isBeginning !== (number === 1))
      return [{ kind: "broken-link", ...placeOf(receipt) }];
    if (before === undefined || before.number === number - 1) return [];
    // A delivery that names an existing one as the one before skips nothing, so it is its number that is wrong.
    if (ids.has(previousId)) return [{ kind: "broken-link", ...placeOf(receipt) }];
    const [from, to] = [before.number + 1, number - 1];
    return [{ kind: "missing", ...placeOf(receipt), number: from, toNumber: to, delivery: previousId }];
  });
}

function describeChain(sorted: readonly Receipt[], known: readonly string[]): Omit<ChainOfLane, "repeats"> {
  const [first, last] = [sorted[0]?.link, sorted.at(-1)?.link];
  const previousId = first?.previousId ?? "-";
  return {
    lane: first?.lane ?? "",
    paths: [...new Set(sorted.flatMap(({ path }) => path ?? []))],
    signers: [...new Set(sorted.flatMap(({ signers }) => signers))].toSorted((a, b) => a - b),
    first: first?.number ?? 0,
    last: last?.number ?? 0,
    lastId: last?.id ?? "-",
    previousId,
    isWhole:
      first?.number === 1 ||
      known.includes(previousId) ||
      // A repeated delivery may be the last of one file and the first of the next.
      sorted.some(({ link }) => known.includes(link.id)),
    deliveries: sorted.length,
  };
}
