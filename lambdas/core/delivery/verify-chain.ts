import { parseChainHeader, isLinkSigned, type ChainLink } from "./chain-header.ts";
import { hasValidSignature } from "./signature.ts";

/** A request as a receiver kept it. Header names in any case; `path` tells apart several destinations in one file. */
export interface KeptRequest {
  headers: Readonly<Record<string, string>>;
  body: string;
  path?: string | undefined;
}

/**
 * What is wrong with what a receiver kept.
 *
 * - `no-chain`: a request without a readable `X-Webhook-Chain`. `bad-signature`: body or chain is signed by none of the secrets.
 * - `missing`: deliveries `number` to `toNumber` never came; `delivery` is the id of the last of them, as the next one names it.
 * - `broken-link`: the delivery does not name the one before. `double-number`: two deliveries under one number.
 * - `changed-body`: a delivery came again with another body.
 */
export interface ChainFinding {
  kind: "no-chain" | "bad-signature" | "missing" | "broken-link" | "double-number" | "changed-body";
  /** Place of the request, from 0; of the one after the gap for `missing`. */
  request: number;
  lane?: string;
  number?: number;
  toNumber?: number;
  delivery?: string;
}

/** One lane of one destination. A receiver may have begun to keep requests after `first`. */
export interface ChainOfLane {
  path: string;
  lane: string;
  first: number;
  last: number;
  deliveries: number;
  /** Requests that were repeats of one that had come before. */
  repeats: number;
}

export interface ChainReport {
  lanes: ChainOfLane[];
  findings: ChainFinding[];
}

interface Kept {
  request: number;
  link: ChainLink;
  body: string;
}

/** Follows the chains of everything that was kept. Without `secrets` signatures are not looked at. */
export function verifyChain(requests: readonly KeptRequest[], secrets: readonly string[]): ChainReport {
  const findings: ChainFinding[] = [];
  const lanes = new Map<string, { chain: ChainOfLane; kept: Map<number, Kept> }>();
  for (const [index, request] of requests.entries()) {
    const read = readRequest(request, index, secrets);
    if ("kind" in read) {
      findings.push(read);
      continue;
    }
    const { lane } = read.link;
    const path = request.path ?? "";
    const key = `${path}\n${lane}`;
    const known = lanes.get(key) ?? { chain: emptyChain(path, lane), kept: new Map() };
    lanes.set(key, known);
    const repeated = keep(read, known.kept);
    if (repeated === "repeat") known.chain.repeats += 1;
    else if (repeated !== undefined) findings.push(repeated);
  }
  const chains = [...lanes.values()].map(({ chain, kept }) => followLane(chain, kept, findings));
  return { lanes: chains, findings };
}

function emptyChain(path: string, lane: string): ChainOfLane {
  return { path, lane, first: 0, last: 0, deliveries: 0, repeats: 0 };
}

function readRequest(
  { headers, body }: KeptRequest,
  request: number,
  secrets: readonly string[],
): Kept | ChainFinding {
  const header = (name: string): string => headerOf(headers, name);
  const id = header("x-webhook-id") || header("webhook-id");
  const chain = parseChainHeader(header("x-webhook-chain"), id);
  if (chain === undefined) return { kind: "no-chain", request };
  const { link, signature } = chain;
  const signed =
    secrets.length === 0 ||
    (isLinkSigned(link, signature, secrets) &&
      hasValidSignature(
        header("x-webhook-signature") || header("webhook-signature"),
        [`${id}.${header("x-webhook-timestamp") || header("webhook-timestamp")}.${body}`],
        secrets,
      ));
  if (!signed) {
    return { kind: "bad-signature", request, lane: link.lane, number: link.number, delivery: id };
  }
  return { request, link, body };
}

function headerOf(headers: Readonly<Record<string, string>>, name: string): string {
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name);
  return found?.[1] ?? "";
}

/** Keeps a request under its number; one that is there already must be the same delivery with the same body. */
function keep(read: Kept, kept: Map<number, Kept>): ChainFinding | "repeat" | undefined {
  const { link, request } = read;
  const before = kept.get(link.number);
  if (before === undefined) {
    kept.set(link.number, read);
    return undefined;
  }
  const where = { request, lane: link.lane, number: link.number, delivery: link.id };
  if (before.link.id !== link.id) return { kind: "double-number", ...where };
  if (before.link.previousId !== link.previousId) return { kind: "broken-link", ...where };
  return before.body === read.body ? "repeat" : { kind: "changed-body", ...where };
}

function followLane(chain: ChainOfLane, kept: Map<number, Kept>, findings: ChainFinding[]): ChainOfLane {
  const sorted = [...kept.values()].toSorted((one, other) => one.link.number - other.link.number);
  for (const [index, { link, request }] of sorted.entries()) {
    const { lane, number, previousId, id } = link;
    const before = sorted[index - 1]?.link;
    const expectedPrevious = before?.number === number - 1 ? before.id : undefined;
    if (before !== undefined && expectedPrevious === undefined) {
      const [from, to] = [before.number + 1, number - 1];
      findings.push({ kind: "missing", request, lane, number: from, toNumber: to, delivery: previousId });
    }
    const broken = number === 1 ? previousId !== "-" : previousId !== (expectedPrevious ?? previousId);
    if (broken) findings.push({ kind: "broken-link", request, lane, number, delivery: id });
  }
  const [first, last] = [sorted[0], sorted.at(-1)];
  return {
    ...chain,
    first: first?.link.number ?? 0,
    last: last?.link.number ?? 0,
    deliveries: sorted.length,
  };
}
