import { DEFAULT_FORMAT, type FormatName, FORMAT_NAMES } from "../../lambdas/core/formats/known-formats.ts";
import { type Chance, createChance } from "./chance.ts";

/**
 * What a request meets at its receiver. Requests that meet a fault ending in `taken` were read completely and kept,
 * whatever the sender learns.
 */
export type ReceiverFault =
  | "500"
  | "429"
  | "redirect"
  | "413"
  | "hang"
  | "reset"
  | "close-mid-request"
  | "bad-certificate"
  | "endless-503"
  | "close-mid-answer-taken"
  | "drip-taken"
  | "endless-taken"
  | "drop-taken";

/**
 * One destination: its workspace, whether it has a filter, and the fault that each of its requests meets, by number
 * from 0.
 */
export interface DestinationPlan {
  workspace: string;
  format: FormatName;
  /** With a filter, it must receive only the events that the filter includes. */
  isFiltered: boolean;
  /** The receiver is healthy after these requests. */
  faults: readonly (ReceiverFault | undefined)[];
}

/** One `kill -9` of the whole stack. */
export interface KillPlan {
  /** The kill happens when this share of the run's work (events accepted and delivered) is done. */
  progress: number;
  delayMs: number;
  /** If true, the next start of the stack forgets how far it has read the stream. */
  rewinds: boolean;
  /** If set, the next start of the stack is killed too, this long after it began. Counts as one kill. */
  againAfterMs?: number;
}

export interface FaultOptions {
  events: number;
  workspaces: number;
  kills: number;
  seed: number;
  /** How many times faster than real time the stack's clock runs, so that hours of the retry schedule take minutes. */
  timeScale: number;
}

export interface FaultPlan extends FaultOptions {
  chance: Chance;
  destinations: readonly DestinationPlan[];
  killings: readonly KillPlan[];
}

const TROUBLED_REQUESTS = 60;
/** Probability of each fault per request while a receiver is failing. */
const WEIGHTS: Readonly<Record<ReceiverFault, number>> = {
  "500": 0.04,
  "429": 0.03,
  redirect: 0.02,
  "413": 0.02,
  hang: 0.01,
  reset: 0.02,
  "close-mid-request": 0.02,
  "bad-certificate": 0.02,
  "endless-503": 0.01,
  "close-mid-answer-taken": 0.02,
  "drip-taken": 0.01,
  "endless-taken": 0.02,
  "drop-taken": 0.04,
};
/** These take seconds of real time, so their number per receiver is limited. */
const SLOW: ReadonlySet<ReceiverFault> = new Set(["hang", "drip-taken"]);
const SLOW_MAX = 2;
/** Every n-th destination begins with an outage that reaches far into the retry schedule. */
const EVERY_OUTAGE = 10;
/** Every n-th destination has a format other than the default: each of the others in turn. */
const EVERY_OTHER_FORMAT = 25;
const OTHER_FORMATS = FORMAT_NAMES.filter((name) => name !== DEFAULT_FORMAT);
const OUTAGE_REQUESTS = 5;

/** Computes everything that a seed decides before the run. */
export function planFaults(options: FaultOptions): FaultPlan {
  const chance = createChance(options.seed);
  const destinations = Array.from({ length: options.workspaces }, (_, index) =>
    planDestination(chance, index),
  );
  return { ...options, chance, destinations, killings: planKills(chance, options.kills) };
}

function planDestination(chance: Chance, index: number): DestinationPlan {
  let slow = 0;
  const outage = index % EVERY_OUTAGE === 3 ? OUTAGE_REQUESTS : 0;
  const faults = Array.from({ length: TROUBLED_REQUESTS }, (_, request): ReceiverFault | undefined => {
    if (request < outage) return "500";
    const fault = chance.pick(WEIGHTS, "receiver", index, request);
    if (fault === undefined || !SLOW.has(fault)) return fault;
    slow += 1;
    return slow > SLOW_MAX ? "reset" : fault;
  });
  return {
    workspace: `ws_faults_${index}`,
    format: formatFor(index),
    isFiltered: index % 2 === 1,
    faults,
  };
}

function formatFor(index: number): FormatName {
  if (index % EVERY_OTHER_FORMAT !== 7) return DEFAULT_FORMAT;
  const turn = Math.floor(index / EVERY_OTHER_FORMAT);
  return OTHER_FORMATS[turn % OTHER_FORMATS.length] ?? DEFAULT_FORMAT;
}

function planKills(chance: Chance, kills: number): KillPlan[] {
  const plans: KillPlan[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const isDouble = kill + 1 < kills && chance.at("kill", kill, "again") < 0.2;
    plans.push({
      progress: 0.02 + 0.94 * chance.at("kill", kill, "progress"),
      delayMs: chance.whole(0, 400, "kill", kill, "delay"),
      rewinds: chance.at("kill", kill, "rewind") < 0.25,
      ...(isDouble && { againAfterMs: chance.whole(50, 2500, "kill", kill, "again after") }),
    });
    if (isDouble) kill += 1;
  }
  return plans.toSorted((one, other) => one.progress - other.progress);
}
