import { CloudEvent, type CloudEventV1 } from "cloudevents";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { readEvents } from "./read-events.ts";

/** One received request. `at` is the stack's time in milliseconds. */
export interface ReceivedRequest {
  at: number;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** Verdict of an independent receiver on a request, by the libraries of the two standards. */
export type Verdict =
  | { kind: "verified"; events: CloudEventV1<unknown>[] }
  | { kind: "unknown-secret" }
  | { kind: "forged"; reason: string }
  | { kind: "malformed"; reason: string };

/** Tolerance of the Standard Webhooks libraries: five minutes in both directions. */
const TOLERANCE_SECONDS = 300;

/**
 * Verifies the signature with the `standardwebhooks` package and parses the body with the `cloudevents` package. `now`
 * is the stack's time in milliseconds. The package compares timestamps with real time only, so this is done here,
 * because the stack's clock can run ahead.
 */
export function judgeRequest(request: ReceivedRequest, secret: string | undefined, now: number): Verdict {
  if (secret === undefined) return { kind: "unknown-secret" };
  const forgery = forgeryOf(request, secret, now);
  if (forgery !== undefined) return { kind: "forged", reason: forgery };
  try {
    const events = readEvents(request);
    for (const event of events) if (event instanceof CloudEvent) event.validate();
    return { kind: "verified", events };
  } catch (error) {
    return { kind: "malformed", reason: error instanceof Error ? error.message : String(error) };
  }
}

function forgeryOf(request: ReceivedRequest, secret: string, now: number): string | undefined {
  const webhook = new Webhook(secret);
  const seconds = Number(request.headers["webhook-timestamp"]);
  const ahead = Math.abs(now - Date.now()) > 1000;
  if (!ahead) {
    try {
      webhook.verify(request.body, request.headers, { jsonParse: false });
      return undefined;
    } catch (error) {
      if (error instanceof WebhookVerificationError) return error.message;
      throw error;
    }
  }
  if (Math.abs(now / 1000 - seconds) > TOLERANCE_SECONDS) return "Message timestamp too old or too new";
  const id = request.headers["webhook-id"] ?? "";
  const expected = webhook.sign(id, new Date(seconds * 1000), request.body);
  const signatures = (request.headers["webhook-signature"] ?? "").split(" ");
  return signatures.includes(expected) ? undefined : "No matching signature found";
}
