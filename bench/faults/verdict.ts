import { verifyChain } from "../../lambdas/core/proof/verify-chain.ts";
import { quantile } from "../measure.ts";
import { describeFinding, type Ledger, type WorkspaceLedger } from "./ledger.ts";

/** Result of a run. `unaccepted`, `lost`, `outOfOrder`, `holes` and `wrong` must be 0. */
export interface FaultVerdict {
  events: number;
  deliveries: number;
  /** Planned events that were never answered 202. */
  unaccepted: number;
  /** Events answered 202 and included by the filter, but never acknowledged. */
  lost: number;
  /** Duplicate arrivals: events, and deliveries by id, that their receiver had already kept. */
  repeatedEvents: number;
  repeatedDeliveries: number;
  /** Events that first arrived, or were first kept or acknowledged, after an event that was posted later. */
  outOfOrder: number;
  /** Delivery numbers of a lane that never arrived, broken chain links, and bodies that changed between attempts. */
  holes: number;
  /** Forged or malformed requests, events that were never answered 202, and events that the filter excludes. */
  wrong: number;
  /** Milliseconds from the first try of the POST to the first 2xx. */
  p50: number;
  p99: number;
  /** One line for each violation. */
  details: string[];
}

/** Judges a run in which `planned` events were to be posted. */
export function judgeLedger(ledger: Ledger, planned: number): FaultVerdict {
  const verdict: FaultVerdict = {
    events: ledger.accepted(),
    deliveries: 0,
    unaccepted: planned - ledger.accepted(),
    lost: 0,
    repeatedEvents: 0,
    repeatedDeliveries: 0,
    outOfOrder: 0,
    holes: 0,
    wrong: 0,
    p50: 0,
    p99: 0,
    details: [],
  };
  const latencies: number[] = [];
  for (const workspace of ledger.workspaces.values()) {
    judgeEvents(workspace, verdict, latencies);
    judgeChain(workspace, verdict);
    verdict.repeatedEvents += workspace.repeatedEvents;
    verdict.repeatedDeliveries += workspace.repeatedDeliveries;
    complain(verdict, "wrong", workspace, workspace.faults);
  }
  verdict.wrong += ledger.strays.length;
  verdict.details.push(...ledger.strays.map((path) => `a redirect was followed to ${path}`));
  verdict.p50 = quantile(latencies, 0.5);
  verdict.p99 = quantile(latencies, 0.99);
  return verdict;
}

export function isSound({ unaccepted, lost, outOfOrder, holes, wrong }: FaultVerdict): boolean {
  return [unaccepted, lost, outOfOrder, holes, wrong].every((count) => count === 0);
}

function judgeEvents(workspace: WorkspaceLedger, verdict: FaultVerdict, latencies: number[]): void {
  const { posted, acknowledged, brought } = workspace;
  const wanted = posted.filter(({ isWanted }) => isWanted);
  const lost = wanted.filter(({ id }) => !acknowledged.has(id));
  complain(
    verdict,
    "lost",
    workspace,
    lost.map(({ id }) => `lost ${id}`),
  );
  for (const { id, at } of wanted) {
    const arrivedAt = acknowledged.get(id);
    if (arrivedAt !== undefined) latencies.push(Math.max(0, arrivedAt - at));
  }
  const places = new Map(wanted.map(({ id }, place) => [id, place]));
  const unknown = brought.filter((id) => !places.has(id));
  complain(
    verdict,
    "wrong",
    workspace,
    unknown.map((id) => `unexpected ${id}`),
  );
  judgeOrder(workspace, places, verdict);
}

/**
 * A lane has one delivery in flight and leaves it only after a 2xx, so a later batch must not overtake a refused one.
 * The first time of each event counts, so neither the halves sent after a 413 nor repeats of batches that were kept
 * without a response change these orders.
 */
function judgeOrder(
  workspace: WorkspaceLedger,
  places: ReadonlyMap<string, number>,
  verdict: FaultVerdict,
): void {
  const { brought, kept, acknowledged } = workspace;
  const late = new Map<string, string>();
  for (const [what, ids] of Object.entries({ brought, kept, acknowledged: acknowledged.keys() })) {
    let furthest = -1;
    for (const id of ids) {
      const place = places.get(id);
      if (place === undefined) continue;
      if (place < furthest && !late.has(id))
        late.set(id, `out of order ${id} at ${place} first ${what} after ${furthest}`);
      furthest = Math.max(furthest, place);
    }
  }
  complain(verdict, "outOfOrder", workspace, [...late.values()]);
}

function judgeChain(workspace: WorkspaceLedger, verdict: FaultVerdict): void {
  const { lanes, findings } = verifyChain(workspace.requests, []);
  verdict.deliveries += lanes.reduce((sum, { deliveries }) => sum + deliveries, 0);
  complain(verdict, "holes", workspace, findings.map(describeFinding));
  const headless = lanes.filter(({ first }) => first !== 1).map(({ lane }) => `no #1 of ${lane}`);
  complain(verdict, "holes", workspace, headless);
}

function complain(
  verdict: FaultVerdict,
  count: "lost" | "outOfOrder" | "holes" | "wrong",
  { workspace }: WorkspaceLedger,
  lines: readonly string[],
): void {
  verdict[count] += lines.length;
  verdict.details.push(...lines.map((line) => `${workspace} ${line}`));
}

/** The last line of a run. */
export function describeVerdict(verdict: FaultVerdict): string {
  const { unaccepted, lost, repeatedEvents, repeatedDeliveries, outOfOrder, holes, wrong, p50, p99 } =
    verdict;
  const also = `${wrong === 0 ? "" : `, wrong ${wrong}`}${unaccepted === 0 ? "" : `, unaccepted ${unaccepted}`}`;
  return `lost ${lost}, duplicated ${repeatedEvents} events / ${repeatedDeliveries} deliveries (by id), out of order ${outOfOrder}, holes ${holes}${also}, p50 ${p50} ms, p99 ${p99} ms`;
}
