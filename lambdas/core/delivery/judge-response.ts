import {
  nextDelaySeconds,
  parseRetryAfter,
  type RetrySettings,
  type ScheduleFacts,
} from "./retry-schedule.ts";
import type { Advice, Judgement } from "../formats/format.ts";
import { formatOf, type FormatName } from "../formats/known-formats.ts";
import type { SendResult } from "./send.ts";

/**
 * Outcome of an attempt and what follows. `error` is a class from a closed list (`HTTP 500`, `dns`, `guard:…`), never
 * text from outside.
 */
export type Verdict =
  | { kind: "delivered" }
  | { kind: "retry"; delaySeconds: number; error: string; advice?: Advice }
  | { kind: "split"; error: string }
  | { kind: "suspend"; reason: SuspendReason; error: string };

export type SuspendReason = "gone" | "retries-exhausted";

export interface AttemptFacts extends ScheduleFacts {
  /** Number of events in the delivery. */
  count: number;
  format: FormatName;
}

/** Classifies the result of an attempt, without deciding what follows. The format judges a response. */
export function judgeResult(result: SendResult, format: FormatName): Judgement {
  if (result.kind === "refused") return { kind: "refused", error: `guard:${result.rule}` };
  if (result.kind === "failed") return { kind: "refused", error: result.errorClass };
  return formatOf(format).judge(result);
}

/** Classifies the result of an attempt and decides what follows. */
export function judgeResponse(
  result: SendResult,
  facts: AttemptFacts,
  settings: RetrySettings,
  chance: number,
): Verdict {
  const judgement = judgeResult(result, facts.format);
  switch (judgement.kind) {
    case "delivered":
      return { kind: "delivered" };
    case "gone":
      return { kind: "suspend", reason: "gone", error: judgement.error };
    case "too-large":
      // A single event cannot be split. It is retried, because the receiver may accept it later.
      if (facts.count > 1) return { kind: "split", error: judgement.error };
      return tryAgain(result, judgement, facts, settings, chance);
    case "refused":
      return tryAgain(result, judgement, facts, settings, chance);
  }
}

function tryAgain(
  result: SendResult,
  { error, advice }: { error: string; advice?: Advice },
  facts: AttemptFacts,
  settings: RetrySettings,
  chance: number,
): Verdict {
  const scheduled = nextDelaySeconds(facts, settings, chance);
  if (scheduled === "over") return { kind: "suspend", reason: "retries-exhausted", error };
  const delaySeconds = askedDelay(result, facts.now) ?? scheduled;
  return { kind: "retry", delaySeconds, error, ...(advice !== undefined && { advice }) };
}

/** Retry-After counts only with these two statuses (CloudEvents webhook binding; RFC 9110). */
function askedDelay(result: SendResult, now: number): number | undefined {
  if (result.kind !== "answered" || result.retryAfter === undefined) return undefined;
  const { statusCode, retryAfter } = result;
  return statusCode === 429 || statusCode === 503 ? parseRetryAfter(retryAfter, now) : undefined;
}
