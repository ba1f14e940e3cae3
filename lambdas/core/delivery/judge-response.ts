import {
  nextDelaySeconds,
  parseRetryAfter,
  type RetrySettings,
  type ScheduleFacts,
} from "./retry-schedule.ts";
import type { SendResult } from "./send.ts";

/** What the owner should hear of without waiting: the credentials or the format are refused. */
export type Advice = "credentials" | "format";

/** What an attempt came to. `error` is a class from a closed list (`HTTP 500`, `dns`, `guard:…`), never text from outside. */
export type Verdict =
  | { kind: "delivered" }
  | { kind: "retry"; delaySeconds: number; error: string; advice?: Advice }
  | { kind: "split"; error: string }
  | { kind: "suspend"; reason: SuspendReason; error: string };

export type SuspendReason = "gone" | "retries-exhausted";

export interface AttemptFacts extends ScheduleFacts {
  /** Events in the delivery. */
  count: number;
}

/** The class of what kept a 2xx away; `null` for a 2xx. */
export function errorOf(result: SendResult): string | null {
  if (result.kind === "refused") return `guard:${result.rule}`;
  if (result.kind === "failed") return result.errorClass;
  return isSuccess(result.statusCode) ? null : `HTTP ${result.statusCode}`;
}

/** Judges an attempt. Status decides; a redirect is a refusal like any other, since it is never followed. */
export function judgeResponse(
  result: SendResult,
  facts: AttemptFacts,
  settings: RetrySettings,
  chance: number,
): Verdict {
  const error = errorOf(result);
  if (error === null) return { kind: "delivered" };
  const statusCode = result.kind === "answered" ? result.statusCode : undefined;
  if (statusCode === 410) return { kind: "suspend", reason: "gone", error };
  if (statusCode === 413 && facts.count > 1) return { kind: "split", error };
  const scheduled = nextDelaySeconds(facts, settings, chance);
  if (scheduled === "over") return { kind: "suspend", reason: "retries-exhausted", error };
  const delaySeconds = askedDelay(result, facts.now) ?? scheduled;
  const advice = adviceFor(statusCode);
  return { kind: "retry", delaySeconds, error, ...(advice !== undefined && { advice }) };
}

function isSuccess(statusCode: number): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** Only these two statuses say when to come again (CloudEvents webhook binding; RFC 9110). */
function askedDelay(result: SendResult, now: number): number | undefined {
  if (result.kind !== "answered" || result.retryAfter === undefined) return undefined;
  const { statusCode, retryAfter } = result;
  return statusCode === 429 || statusCode === 503 ? parseRetryAfter(retryAfter, now) : undefined;
}

function adviceFor(statusCode: number | undefined): Advice | undefined {
  if (statusCode === 401 || statusCode === 403) return "credentials";
  return statusCode === 415 ? "format" : undefined;
}
