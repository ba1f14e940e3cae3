import type { Turn } from "./in-memory-stores.ts";

interface Process {
  lane: string;
  /** Calls of the run that wait for their turn; it may make several at once. */
  waiting: { call: string; resolve(): void; reject(error: Error): void }[];
  isDead: boolean;
  isOver: boolean;
}

/** At most this many steps, ending early where a call of the given name was made and its result has not arrived. */
export interface Advance {
  pick: number;
  steps: number;
  upTo?: string | undefined;
}

class DiedError extends Error {}

/** Runs that advance one call at a time, can be stalled for any time, or die between two calls. */
export class LaneProcesses {
  private readonly processes: Process[] = [];

  private readonly failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.failed = failed;
  }

  start(lane: string, run: (turn: Turn) => Promise<unknown>): void {
    const process: Process = { lane, waiting: [], isDead: false, isOver: false };
    const turn: Turn = (call) => {
      if (process.isDead) return Promise.reject(new DiedError());
      return new Promise((resolve, reject) => process.waiting.push({ call, resolve, reject }));
    };
    const end = (): void => void (process.isOver = true);
    run(turn).then(end, (error: unknown) => {
      if (!(error instanceof DiedError)) this.failed(error);
      end();
    });
    this.processes.push(process);
  }

  /** The number of current runs per lane. */
  underWay(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { lane, isOver } of this.processes) if (!isOver) counts.set(lane, (counts.get(lane) ?? 0) + 1);
    return counts;
  }

  isAnyUnderWay(): boolean {
    return this.processes.some(({ isOver }) => !isOver);
  }

  /** Advances one of the current runs and calls `each` before each of its steps. */
  async go({ pick, steps, upTo }: Advance, each: () => void): Promise<Process | undefined> {
    const alive = this.processes.filter(({ isOver }) => !isOver);
    const process = alive[pick % Math.max(1, alive.length)];
    if (process === undefined) return undefined;
    for (let step = 0; step < steps && !process.isOver; step++) {
      each();
      process.waiting.shift()?.resolve();
      await settled(process);
      if (process.waiting.some(({ call }) => call === `${upTo} done`)) break;
    }
    return process;
  }

  /** Advances a run in the same way; then the run dies. */
  async crash(advance: Advance, each: () => void): Promise<void> {
    const process = await this.go(advance, each);
    if (process === undefined || process.isOver) return;
    process.isDead = true;
    while (!process.isOver) {
      for (const { reject } of process.waiting.splice(0)) reject(new DiedError());
      await settled(process);
    }
  }
}

/** Resolves when the run is over or all its calls wait for their turn. */
async function settled(process: Process): Promise<void> {
  for (let turns = 0; turns < 1000; turns++) {
    await new Promise((next) => setImmediate(next));
    if (process.isOver || process.waiting.length > 0) return;
  }
  throw new Error("A run waits for nothing");
}
