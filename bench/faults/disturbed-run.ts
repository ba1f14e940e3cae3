import { pause } from "../stack/bench-stack.ts";
import type { ControlledStack } from "../stack/controlled-stack.ts";
import { emitAll } from "./emitters.ts";
import type { HappenedFault } from "./fault-log.ts";
import type { Ledger } from "./ledger.ts";
import type { FaultPlan } from "./plan.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** What is disturbed, and what records the faults. */
export interface DisturbedWorld {
  plan: FaultPlan;
  stack: Pick<ControlledStack, "endpoints" | "disturb" | "kill">;
  ledger: Ledger;
  /** Records kills and faults of emitters. Faults inside the stack are recorded there. */
  happened(fault: HappenedFault): void;
  token: string;
}

export interface RunLimits {
  /** The run ends after this long without progress, and events that have not arrived count as lost. */
  stallMs: number;
  /** How long to keep watching for duplicates after every event has arrived. */
  aftermathMs: number;
}

const LIMITS: RunLimits = { stallMs: 120_000, aftermathMs: 1500 };
const LOOK_MS = 20;

interface Run {
  signal: AbortSignal;
  /** Share of the work that is done, from 0 to 1. */
  progress(): number;
  isDone(): boolean;
  print(line: string): void;
}

/**
 * Emitters post, receivers fail and the stack is killed until everything has arrived or progress stops; then all of
 * them end together. Resolves with the reason if the run ended early. Never rejects, so that there is always a verdict.
 */
export async function runDisturbed(
  world: DisturbedWorld,
  print: (line: string) => void,
  { stallMs, aftermathMs }: RunLimits = LIMITS,
): Promise<string | undefined> {
  const { plan, stack, ledger, happened, token } = world;
  const ending = new AbortController();
  const { signal } = ending;
  const state = { emitted: false };
  const run: Run = {
    signal,
    progress: () => (ledger.accepted() + ledger.acknowledged()) / (2 * plan.events),
    isDone: () => state.emitted && ledger.acknowledged() >= ledger.wanted(),
    print,
  };
  stack.disturb();
  const apiUrl = async (): Promise<string> => (await stack.endpoints()).apiUrl;
  const parts = [
    emitAll({ plan, ledger, happened, token, apiUrl, signal }).then(() => void (state.emitted = true)),
    killAll(world, run),
    watchProgress(run, stallMs),
  ];
  await Promise.all(parts.map((part) => part.catch((error: unknown) => ending.abort(error))));
  if (signal.aborted) return `the run ended early: ${String(signal.reason)}`;
  await pause(aftermathMs);
  return undefined;
}

async function killAll({ plan, stack, happened }: DisturbedWorld, run: Run): Promise<void> {
  let kills = 0;
  for (const killing of plan.killings) {
    // Once all work is done, progress cannot rise any more: the remaining kills then hit an idle stack.
    while (run.progress() < killing.progress && !run.isDone() && !run.signal.aborted) await pause(LOOK_MS);
    await pause(killing.delayMs);
    if (run.signal.aborted) return;
    await stack.kill(killing);
    const kinds = [
      "at work",
      killing.againAfterMs !== undefined && "at start",
      killing.rewinds && "rewinding",
    ];
    for (const kind of kinds.filter((one) => one !== false))
      happened({ group: "kills", kind, where: percent(run.progress()) });
    kills += killing.againAfterMs === undefined ? 1 : 2;
    run.print(`kill -9 no. ${kills} at ${percent(run.progress())}`);
    await unlessAborted(stack.endpoints(), run.signal);
  }
}

/** Rejects after `stallMs` without progress. */
async function watchProgress(run: Run, stallMs: number): Promise<void> {
  let furthest = -1;
  let movedAt = performance.now();
  let shown = 0;
  while (!run.isDone() && !run.signal.aborted) {
    const now = run.progress();
    if (now > furthest) movedAt = performance.now();
    furthest = Math.max(furthest, now);
    if (performance.now() - movedAt > stallMs) throw new Error(`no progress for ${stallMs / 1000} s`);
    if (Math.floor(now * 10) > shown) run.print(`${percent(now)} of the work done`);
    shown = Math.floor(now * 10);
    await pause(LOOK_MS);
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
