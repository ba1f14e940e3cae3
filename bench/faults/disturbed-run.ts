import { pause } from "../stack/bench-stack.ts";
import type { ControlledStack } from "../stack/controlled-stack.ts";
import { emitAll } from "./emitters.ts";
import type { HappenedFault } from "./fault-log.ts";
import type { Ledger } from "./ledger.ts";
import type { FaultPlan } from "./plan.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** What is disturbed, and who watches. */
export interface DisturbedWorld {
  plan: FaultPlan;
  stack: Pick<ControlledStack, "endpoints" | "disturb" | "kill">;
  ledger: Ledger;
  /** Takes what emitters do and the kills; what happens inside the stack is on record there. */
  happened(fault: HappenedFault): void;
  token: string;
}

export interface RunLimits {
  /** Without any progress for so long the run ends, and what has not arrived is lost. */
  stallMs: number;
  /** What comes twice may come after everything has come once. */
  aftermathMs: number;
}

const LIMITS: RunLimits = { stallMs: 120_000, aftermathMs: 1500 };
const LOOK_MS = 20;

interface Run {
  signal: AbortSignal;
  /** Share of the work that is done. */
  progress(): number;
  isDone(): boolean;
  print(line: string): void;
}

/**
 * Emitters post, receivers fail, the stack is killed; until everything has arrived, or nothing moves any more. All of them end together.
 * Answers why the run ended early; never rejects, so that there is always a verdict.
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
    // Work that is done leaves nothing to wait for; the rest of the kills then hit what is at rest.
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

/** Rejects when nothing has moved for so long. */
async function watchProgress(run: Run, stallMs: number): Promise<void> {
  let furthest = -1;
  let movedAt = performance.now();
  let shown = 0;
  while (!run.isDone() && !run.signal.aborted) {
    const now = run.progress();
    if (now > furthest) movedAt = performance.now();
    furthest = Math.max(furthest, now);
    if (performance.now() - movedAt > stallMs) throw new Error(`nothing moved for ${stallMs / 1000} s`);
    if (Math.floor(now * 10) > shown) run.print(`${percent(now)} of the work done`);
    shown = Math.floor(now * 10);
    await pause(LOOK_MS);
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
