import type { ChainFinding, ChainOfLane, KeptRequest } from "../lambdas/core/proof/verify-chain.ts";
import type { UnkeptNumber } from "./delivery-log-of.ts";
import { counted } from "./output.ts";

/** A kept request and the line of the file that it was read from. */
export interface KeptLine extends KeptRequest {
  where: string;
}

const MEANINGS: Readonly<Record<Exclude<ChainFinding["kind"], "no-chain" | "bad-signature">, string>> = {
  missing: "refused by the receiver or never received",
  "broken-link": "does not name the delivery before it",
  "double-number": "another delivery had this number",
  "changed-body": "received again with a different body",
  "out-of-order": "first received after",
};

const OUTCOMES: Readonly<Record<NonNullable<UnkeptNumber["outcome"]>, string>> = {
  split: "the receiver refused it as too large (413), and its halves took the next numbers",
  recut: "superseded: the destination changed before it was delivered",
  expired: "its events expired before the receiver accepted them",
  skipped: "skipped by its owner",
  delivered: "accepted by the receiver, but not kept",
  retry: "still open, but the next number was received",
  suspend: "still open, but the next number was received",
};

/**
 * Names a lane. Adds the destination's path or secret when several destinations in the files have a lane of that name.
 */
export function labelOf(chain: ChainOfLane, lanes: readonly ChainOfLane[]): string {
  const namesakes = lanes.filter(({ lane }) => lane === chain.lane);
  if (namesakes.length === 1) return chain.lane;
  const sharing = namesakes.filter((other) => pathsOf(other) === pathsOf(chain));
  const [signer] = chain.signers;
  if (sharing.length === 1 && chain.paths.length > 0) return `${pathsOf(chain)} ${chain.lane}`;
  return signer === undefined ? chain.lane : `${chain.lane} of secret ${signer + 1}`;
}

function pathsOf({ paths }: ChainOfLane): string {
  return paths.join(", ");
}

function rangeOf(chain: ChainOfLane, lanes: readonly ChainOfLane[]): string {
  const { first, last } = chain;
  return `${labelOf(chain, lanes)} ${first === last ? `#${first}` : `#${first} to #${last}`}`;
}

/** Each test event has a lane of its own with a single delivery. */
function isTest({ lane }: ChainOfLane): boolean {
  return lane.startsWith("tst_");
}

/** Describes each lane on a line, and all test events together on one. */
export function describeLanes(lanes: readonly ChainOfLane[]): string[] {
  const tests = lanes.filter(isTest);
  return [
    ...lanes
      .filter((chain) => !isTest(chain))
      .map((chain) => {
        const { previousId, first, isWhole, deliveries, repeats } = chain;
        const begun = first > 1 && isWhole ? `, after ${previousId}` : "";
        const again = repeats === 0 ? "" : `, ${repeats} received again`;
        return `${rangeOf(chain, lanes)}${begun}: ${counted(deliveries, "delivery", "deliveries")}${again}`;
      }),
    ...(tests.length === 0 ? [] : [counted(tests.length, "test event")]),
  ];
}

/** States what is proved when nothing was found: which range of each lane is complete. */
export function describeVerdict(lanes: readonly ChainOfLane[], onRecord: number): string {
  const tests = lanes.filter(isTest);
  const ranges = lanes.filter((chain) => !isTest(chain)).map((chain) => rangeOf(chain, lanes));
  const parts =
    ranges.length > 3 ? [`the ${ranges.length} lanes above, from their first to their last number`] : ranges;
  const what = parts.length === 0 ? counted(tests.length, "test event") : parts.join(" and ");
  const but = onRecord === 0 ? "" : `, except numbers that the delivery log accounts for: ${onRecord}`;
  return `Nothing is missing from ${what}${but}.`;
}

/** Describes a lane whose first delivery in the files names a previous one that is not there. */
export function describeBeginning(chain: ChainOfLane, lanes: readonly ChainOfLane[]): string {
  const { first, previousId } = chain;
  return `${labelOf(chain, lanes)} begins at #${first}: ${previousId}, the delivery before it, is missing`;
}

/** Describes requests that cannot be assigned to a chain, on one line for each kind. */
export function describeUnreadable(findings: readonly ChainFinding[], kept: readonly KeptLine[]): string[] {
  const line = (kind: ChainFinding["kind"], meaning: string): string[] => {
    const found = findings.filter((finding) => finding.kind === kind);
    const [first] = found;
    if (first === undefined) return [];
    const more = found.length === 1 ? "" : `, the first at ${whereOf(first, kept)}`;
    const which = found.length === 1 ? whereOf(first, kept) : counted(found.length, "request");
    const delivery =
      first.delivery === undefined ? "" : ` (${first.lane} #${first.number}, ${first.delivery})`;
    return [`${which}: ${meaning}${more}${delivery}`];
  };
  return [
    ...line("no-chain", "no readable X-Webhook-Chain"),
    ...line("bad-signature", "signed with none of the secrets, or altered"),
  ];
}

function whereOf({ request }: ChainFinding, kept: readonly KeptLine[]): string {
  return kept[request]?.where ?? `request ${request + 1}`;
}

/** Describes a finding within a chain. Returns nothing for the kinds that `describeUnreadable` counts. */
export function describeFinding(finding: ChainFinding, kept: readonly KeptLine[]): string[] {
  const { kind, lane = "", number = 0, toNumber = number, delivery = "", after } = finding;
  if (kind === "no-chain" || kind === "bad-signature") return [];
  const numbers = toNumber === number ? `#${number}` : `#${number} to #${toNumber}`;
  const place = kind === "missing" ? `before ${whereOf(finding, kept)}` : whereOf(finding, kept);
  const than = after === undefined ? "" : ` #${after}`;
  return [`${lane} ${numbers} (${place}): ${MEANINGS[kind]}${than} (${delivery})`];
}

/** Describes a missing number by its outcome in the delivery log. */
export function describeUnkept({ lane, number, count, id, outcome }: UnkeptNumber): string {
  const numbers = count === 1 ? `#${number}` : `#${number - count + 1} to #${number}`;
  const what =
    outcome === undefined
      ? "not in the delivery log: too old, or it belongs to another destination"
      : OUTCOMES[outcome];
  return `${lane} ${numbers}: ${what}${id === undefined ? "" : ` (${id})`}`;
}
