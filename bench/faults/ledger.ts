import { createHash } from "node:crypto";
import { type ChainFinding, type KeptRequest, verifyChain } from "../../lambdas/core/proof/verify-chain.ts";
import { judgeRequest } from "../../local/receiver/verdict.ts";
import type { Arrival } from "./receivers.ts";

/** An event of a POST that was answered 202. */
export interface PostedEvent {
  id: string;
  isWanted: boolean;
  /** When its POST was first tried, real milliseconds since 1970. */
  at: number;
}

/** What one workspace's emitter and receiver observed, independent of what Trailcast stores. */
export interface WorkspaceLedger {
  workspace: string;
  /** The secret that was shown when the destination was created. */
  secret: string;
  posted: PostedEvent[];
  /** Ids in the order in which complete requests first carried them, whatever the receiver's response. */
  brought: string[];
  /** Ids in the order in which the receiver first kept them, whether or not it responded. */
  kept: string[];
  /** When each id was first acknowledged by a 2xx, in that order. */
  acknowledged: Map<string, number>;
  /** Chain header and body digest of every request that was read completely. */
  requests: KeptRequest[];
  repeatedEvents: number;
  repeatedDeliveries: number;
  /** Requests that must not happen: forged, malformed, or sent after a redirect. */
  faults: string[];
}

/** Records what emitters and receivers observe, as it happens. */
export interface Ledger {
  /** Paths that were requested because a redirect was followed; must be empty. */
  strays: readonly string[];
  workspaces: ReadonlyMap<string, WorkspaceLedger>;
  posted(workspace: string, events: readonly PostedEvent[]): void;
  arrived(arrival: Arrival): void;
  /** Numbers of events: answered 202, included by the filter, and acknowledged. */
  accepted(): number;
  wanted(): number;
  acknowledged(): number;
}

/**
 * Trailcast's own events, such as `webhook.failing`, also arrive where there is no filter. They were not posted, so
 * they are not counted.
 */
const POSTED_TYPE = /^pro\.atmos\.(bench|noise)\./;

export function createLedger(secrets: ReadonlyMap<string, string>, strays: readonly string[]): Ledger {
  const workspaces = new Map<string, WorkspaceLedger>();
  for (const [workspace, secret] of secrets) workspaces.set(workspace, emptyLedger(workspace, secret));
  const kept = new Map<string, { events: Set<string>; brought: Set<string>; deliveries: Set<string> }>();
  const count = { accepted: 0, wanted: 0, acknowledged: 0 };
  const of = (workspace: string): WorkspaceLedger => workspaces.get(workspace)!;

  return {
    strays,
    workspaces,
    posted(workspace, events) {
      of(workspace).posted.push(...events);
      count.accepted += events.length;
      count.wanted += events.filter(({ isWanted }) => isWanted).length;
    },
    arrived(arrival) {
      const ledger = of(arrival.workspace);
      const ids = takeRequest(ledger, arrival);
      const before = kept.get(arrival.workspace) ?? {
        events: new Set(),
        brought: new Set(),
        deliveries: new Set(),
      };
      kept.set(arrival.workspace, before);
      const delivery = arrival.headers["webhook-id"] ?? "";
      if (before.deliveries.has(delivery)) ledger.repeatedDeliveries += 1;
      ledger.repeatedEvents += ids.filter((id) => before.events.has(id)).length;
      for (const id of ids) {
        if (!before.brought.has(id)) ledger.brought.push(id);
        before.brought.add(id);
      }
      if (arrival.outcome === "refused") return;
      before.deliveries.add(delivery);
      for (const id of ids) {
        if (!before.events.has(id)) ledger.kept.push(id);
        before.events.add(id);
      }
      if (arrival.outcome !== "acknowledged") return;
      for (const id of ids) {
        if (ledger.acknowledged.has(id)) continue;
        ledger.acknowledged.set(id, arrival.at);
        count.acknowledged += 1;
      }
    },
    accepted: () => count.accepted,
    wanted: () => count.wanted,
    acknowledged: () => count.acknowledged,
  };
}

function emptyLedger(workspace: string, secret: string): WorkspaceLedger {
  return {
    workspace,
    secret,
    posted: [],
    brought: [],
    kept: [],
    acknowledged: new Map(),
    requests: [],
    repeatedEvents: 0,
    repeatedDeliveries: 0,
    faults: [],
  };
}

/**
 * Verifies a request with the libraries that receivers use, and its link in the chain. Returns the ids of the posted
 * events in it.
 */
function takeRequest(ledger: WorkspaceLedger, { at, headers, body }: Arrival): string[] {
  const id = headers["webhook-id"] ?? "";
  // The stack's clock runs faster than this one, so the signed time of the attempt is used as the current time.
  const attemptedAt = Number(headers["webhook-timestamp"]) * 1000;
  const verdict = judgeRequest({ at, path: "", headers, body }, ledger.secret, attemptedAt);
  if (verdict.kind !== "verified") {
    ledger.faults.push(`${id}: ${JSON.stringify(verdict)}`);
    return [];
  }
  for (const finding of verifyChain([{ headers, body }], [ledger.secret]).findings) {
    ledger.faults.push(`${id}: ${describeFinding(finding)}`);
  }
  const digest = createHash("sha256").update(body).digest("base64");
  const { "x-webhook-chain": chain = "" } = headers;
  ledger.requests.push({ headers: { "x-webhook-id": id, "x-webhook-chain": chain }, body: digest });
  return verdict.events.filter(({ type }) => POSTED_TYPE.test(type)).map((event) => event.id);
}

export function describeFinding({ kind, lane, number, toNumber, delivery }: ChainFinding): string {
  const numbers = toNumber === undefined || toNumber === number ? `#${number}` : `#${number} to #${toNumber}`;
  return `${kind} ${lane ?? ""} ${numbers} ${delivery ?? ""}`;
}
