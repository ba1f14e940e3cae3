import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const stateSchema = z.object({
  realStart: z.number(),
  virtualStart: z.number(),
  scale: z.number(),
  /** Virtual time when the state was last written, and whether the runtime was stopped properly at that time. */
  seen: z.number(),
  stopped: z.boolean(),
});
type ClockState = z.infer<typeof stateSchema>;

/**
 * Real milliseconds between two writes of the clock's state, and the longest that a write may be late on a busy
 * machine.
 */
const HEARTBEAT_MS = 1000;
const HEARTBEAT_ALLOWANCE_MS = 5000;

/** Returns the time in milliseconds since 1970, UTC. */
export type Clock = () => number;

/**
 * The only clock of a local stack: real time, accelerated by `scale`. Functions compute the same time from `anchor`.
 */
export interface VirtualClock {
  /** Milliseconds since 1970. */
  now: Clock;
  scale: number;
  anchor: { realStart: number; virtualStart: number; scale: number };
  /** The real milliseconds in which the clock advances by `milliseconds`. */
  realDelay(milliseconds: number): number;
  /** Stores the clock's time and ends its regular writes. */
  stop(): void;
}

/**
 * Every state has this length and overwrites the one before, because replacing the file would wait for the disk each
 * time.
 */
const STATE_BYTES = 256;

const stateFile = (dir: string): string => join(dir, "clock.json");

function readState(dir: string): ClockState | undefined {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(stateFile(dir), "utf8")));
  } catch {
    return undefined; // at the first start, or after a crash while the state was written, the clock starts at real time
  }
}

function virtualNow(state: Pick<ClockState, "realStart" | "virtualStart" | "scale">, real: number): number {
  return Math.round(state.virtualStart + (real - state.realStart) * state.scale);
}

/** A time that the clock of the earlier run cannot have passed. */
function latestOf(state: ClockState, real: number): number {
  if (state.stopped) return state.seen;
  return Math.min(state.seen + HEARTBEAT_ALLOWANCE_MS * state.scale, virtualNow(state, real));
}

/**
 * Starts the clock of a data folder at real time, or at the time where the folder's last run ended if that is later.
 * Therefore it never goes back, neither after `kill -9` nor when a slower run follows a faster one.
 */
export function startClock(dir: string, scale = 1): VirtualClock {
  const real = Date.now();
  const previous = readState(dir);
  const virtualStart = previous === undefined ? real : Math.max(real, latestOf(previous, real));
  const anchor = { realStart: real, virtualStart, scale };
  const now = (): number => virtualNow(anchor, Date.now());
  const file = openSync(stateFile(dir), constants.O_RDWR | constants.O_CREAT);
  const write = (stopped: boolean): void => {
    const state: ClockState = { ...anchor, seen: now(), stopped };
    writeSync(file, JSON.stringify(state).padEnd(STATE_BYTES), 0);
  };
  write(false);
  const heartbeat = setInterval(() => write(false), HEARTBEAT_MS);
  heartbeat.unref();
  const stop = (): void => {
    clearInterval(heartbeat);
    write(true);
    closeSync(file);
  };
  return { now, scale, anchor, realDelay: (milliseconds) => milliseconds / scale, stop };
}

/** The current time of a data folder's stack, whether it runs or not; real time for a new folder. */
export function readClock(dir: string): number {
  const state = readState(dir);
  const real = Date.now();
  if (state === undefined) return real;
  return state.stopped ? Math.max(real, state.seen) : Math.max(real, virtualNow(state, real));
}
