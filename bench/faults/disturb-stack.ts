import { setTimeout as pause } from "node:timers/promises";
import { type AwsCall, NoAnswerError } from "../../local/aws/services.ts";
import type { Caller, Disturbance, MappedInvocation } from "../../local/disturbance.ts";
import type { InvocationResult } from "../../local/functions/function-pool.ts";
import type { Chance } from "./chance.ts";

/** Of the calls that functions make. `zombie`: the caller is dead when its call arrives. */
const CALL_WEIGHTS = {
  "die-before": 0.002,
  "die-after": 0.002,
  zombie: 0.001,
  "answer-lost": 0.002,
  late: 0.002,
} as const;

/** Of the batches of a stream. `never`: the invocation is lost, and the mapping makes it again. */
const STREAM_WEIGHTS = { twice: 0.04, overlapping: 0.03, late: 0.05, never: 0.03 } as const;
/** Of rings. `never`: it is gone. */
const RING_WEIGHTS = { twice: 0.03, overlapping: 0.03, late: 0.03, never: 0.02 } as const;

const LONGEST_MS = 1500;
const LOST: InvocationResult = { kind: "failed", errorType: "Lost", errorMessage: "by the plan", trace: [] };

/** What a seed brings about inside a stack; `generation` counts its starts, so that each has its own faults. */
export function createDisturbance(chance: Chance, generation: number): Required<Disturbance> {
  const counts = new Map<string, number>();
  const next = (name: string): number => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count;
  };

  const call: Required<Disturbance>["call"] = async (caller, { action }: AwsCall, carryOut) => {
    const names = [generation, caller.function, action, next(`${caller.function} ${action}`)];
    const delayMs = chance.at(...names, "delay") * LONGEST_MS;
    switch (chance.pick(CALL_WEIGHTS, ...names)) {
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
      default:
        return carryOut();
    }
  };

  const invocation: Required<Disturbance>["invocation"] = async (
    { mapping, source }: MappedInvocation,
    invoke,
  ) => {
    const names = [generation, mapping, next(mapping)];
    const delayMs = chance.at(...names, "delay") * LONGEST_MS;
    switch (chance.pick(source === "stream" ? STREAM_WEIGHTS : RING_WEIGHTS, ...names)) {
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
      default:
        return invoke();
    }
  };
  return { call, invocation };
}

async function die(caller: Caller): Promise<never> {
  await caller.kill();
  throw new NoAnswerError();
}
