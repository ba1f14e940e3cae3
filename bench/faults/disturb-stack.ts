import { setTimeout as pause } from "node:timers/promises";
import { type AwsCall, NoAnswerError } from "@trailcast/local-stack/aws";
import type { Caller, Disturbance, MappedInvocation, InvocationResult } from "@trailcast/local-stack";
import type { Chance } from "./chance.ts";
import type { HappenedFault } from "./fault-log.ts";

/** Probabilities for the AWS calls of functions. `zombie`: the call still takes effect after its caller was killed. */
const CALL_WEIGHTS = {
  "die-before": 0.002,
  "die-after": 0.002,
  zombie: 0.001,
  "answer-lost": 0.002,
  late: 0.002,
} as const;

/** Probabilities for stream batches. `never`: the invocation is lost, and the event source mapping retries it. */
const STREAM_WEIGHTS = { twice: 0.04, overlapping: 0.03, late: 0.05, never: 0.03 } as const;
/** Probabilities for wake-ups. `never`: the message is lost. */
const WAKE_UP_WEIGHTS = { twice: 0.03, overlapping: 0.03, late: 0.03, never: 0.02 } as const;

/**
 * Besides chance, each kind happens once at every n-th opportunity, so that even a small run with few batches meets
 * every kind.
 */
const TURNS = { calls: 15, "stream batches": 1, wakeUps: 2 } as const;

const LONGEST_MS = 1500;
const LOST: InvocationResult = { kind: "failed", errorType: "Lost", errorMessage: "by the plan", trace: [] };

const WORKSPACE = /ws_faults_\d+/;
/** Longest text searched for a workspace id. Keys and group ids are short; anything longer is payload. */
const NAME_LENGTH = 300;

/**
 * Creates the faults that a seed causes inside a stack. `generation` counts the starts of the stack, so that each start
 * has different faults. Calls are counted by function, action and workspace, invocations by mapping: the same names in
 * the same order give the same decisions.
 */
export function createDisturbance(
  chance: Chance,
  generation: number,
  happened: (fault: HappenedFault) => void,
): Required<Disturbance> {
  const counts = new Map<string, number>();
  const next = (...names: string[]): number => {
    const name = names.join("\n");
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count;
  };
  const decide = <Kind extends string>(
    group: keyof typeof TURNS,
    weights: Readonly<Record<Kind, number>>,
    names: readonly (string | number)[],
  ): { kind: Kind | undefined; delayMs: number } => {
    const kind = turnOf(weights, next(group), TURNS[group]) ?? chance.pick(weights, generation, ...names);
    if (kind !== undefined) happened({ group, kind, where: [generation, ...names].join(" ") });
    return { kind, delayMs: chance.at(generation, ...names, "delay") * LONGEST_MS };
  };

  return {
    call: (caller, { action, input }, carryOut) => {
      const of = workspaceIn(input);
      const names = [caller.function, action, of, next(caller.function, action, of)];
      return disturbCall(decide("calls", CALL_WEIGHTS, names), caller, carryOut);
    },
    invocation: ({ mapping, source }, invoke) => {
      const names = [mapping, next(mapping)];
      const decided =
        source === "stream"
          ? decide("stream batches", STREAM_WEIGHTS, names)
          : decide("wakeUps", WAKE_UP_WEIGHTS, names);
      return disturbInvocation(decided, source, invoke);
    },
  };
}

function turnOf<Kind extends string>(
  weights: Readonly<Record<Kind, number>>,
  count: number,
  everyTurn: number,
): Kind | undefined {
  return count % everyTurn === 0 ? (Object.keys(weights) as Kind[])[count / everyTurn - 1] : undefined;
}

async function disturbCall(
  { kind, delayMs }: { kind: keyof typeof CALL_WEIGHTS | undefined; delayMs: number },
  caller: Caller,
  carryOut: () => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  switch (kind) {
    case "die-before":
      return die(caller);
    case "die-after":
      await carryOut();
      return die(caller);
    case "zombie":
      await caller.kill();
      await pause(delayMs);
      await carryOut();
      throw new NoAnswerError();
    case "answer-lost":
      await carryOut();
      throw new NoAnswerError();
    case "late":
      await pause(delayMs);
      return carryOut();
    case undefined:
      return carryOut();
  }
}

async function disturbInvocation(
  { kind, delayMs }: { kind: keyof typeof WAKE_UP_WEIGHTS | undefined; delayMs: number },
  source: MappedInvocation["source"],
  invoke: () => Promise<InvocationResult>,
): Promise<InvocationResult> {
  switch (kind) {
    case "twice":
      await invoke();
      return invoke();
    case "overlapping": {
      const late = pause(delayMs).then(invoke);
      const [result] = await Promise.all([invoke(), late]);
      return result;
    }
    case "late":
      await pause(delayMs);
      return invoke();
    case "never":
      return source === "stream" ? LOST : { kind: "done", result: "null" };
    case undefined:
      return invoke();
  }
}

async function die(caller: Caller): Promise<never> {
  await caller.kill();
  throw new NoAnswerError();
}

/** The first workspace that a call's input names, or an empty string. */
function workspaceIn(input: AwsCall["input"][string]): string {
  if (typeof input === "string") return WORKSPACE.exec(input.slice(0, NAME_LENGTH))?.[0] ?? "";
  if (typeof input !== "object" || input === null || ArrayBuffer.isView(input)) return "";
  for (const part of Object.values(input)) {
    const found = workspaceIn(part);
    if (found !== "") return found;
  }
  return "";
}
