import { toTimestamp, type Clock } from "../base/clock.ts";
import { composeRequest, signedContent } from "./compose-request.ts";
import { formatOf, type FormatName } from "../formats/known-formats.ts";
import { buildEnvelope, type EnvelopeSettings } from "../entry/envelope.ts";
import { eventId, newEntryKey, newId } from "../base/ids.ts";
import { judgeResult } from "./judge-response.ts";
import type { DestinationReader, SecretReader } from "../destination/destination-store.ts";
import type { Log } from "../base/log.ts";
import type { RandomBytes } from "../base/random.ts";
import { OWN_ACTOR, webhookEvent } from "../destination/management-event.ts";
import type { Sender, SendDns, SendPhases, SendResult, SendTls } from "./send.ts";

/** Request for one test event to a destination, whatever the state of its lane. */
export interface TestAsked {
  workspace: string;
  destination: string;
}

/** Result of a test event, phase by phase. `signedContent` is the text that was signed. */
export interface TestDiagnosis {
  ok: boolean;
  attempt: {
    id: string;
    at: string;
    outcome: "delivered" | "refused";
    statusCode: number | null;
    durationMs: number;
    error: string | null;
    /** Error code of Node or OpenSSL, such as `CERT_HAS_EXPIRED`. */
    code: string | null;
    dns: SendDns | null;
    address: string | null;
    tls: SendTls | null;
    phases: SendPhases;
    answer: string;
    signedContent: string | null;
  };
}

export interface TestPorts {
  destinations: DestinationReader;
  secrets: SecretReader;
  sender: Sender;
  clock: Clock;
  random: RandomBytes;
  log: Log;
  settings: EnvelopeSettings & { version: string };
}

/** Sends a test event like a real delivery, but in a lane of its own, so that no lane's health or number changes. */
export async function sendTestEvent(asked: TestAsked, ports: TestPorts): Promise<TestDiagnosis> {
  const { clock, random, settings } = ports;
  const sentAt = clock();
  const id = newId("whd_", sentAt, random);
  const destination = await ports.destinations.readDestination(asked.workspace, asked.destination);
  const secret =
    destination && (await ports.secrets.readSecret(destination.secretName, destination.secretVersion));
  if (destination === undefined || secret === undefined) return goneDiagnosis(id, sentAt);
  const event = { ...webhookEvent("tested", OWN_ACTOR, destination), action: "test" };
  const recordedAt = toTimestamp(sentAt);
  const facts = { id: eventId(newEntryKey(random), 0), workspace: asked.workspace, recordedAt };
  const { format } = destination;
  const body = formatOf(format).encode([Buffer.from(buildEnvelope(event, facts, settings))]);
  // A lane with one delivery, so that receivers that verify chains find no gap.
  const link = { lane: id.replace("whd_", "tst_"), number: 1, previousId: "-", id };
  const { version } = settings;
  const result = await ports.sender.send(
    composeRequest({ destination, secret, format, link, body, now: sentAt, version }),
  );
  const diagnosis = diagnose(result, { id, sentAt, format, signed: signedContent(id, sentAt, body) });
  const { durationMs, error } = diagnosis.attempt;
  ports.log.info("destination.tested", {
    ...asked,
    delivery: id,
    durationMs,
    ...(error !== null && { errorClass: error }),
  });
  return diagnosis;
}

function diagnose(
  result: SendResult,
  { id, sentAt, format, signed }: { id: string; sentAt: number; format: FormatName; signed: string },
): TestDiagnosis {
  const judgement = judgeResult(result, format);
  const error = judgement.kind === "delivered" ? null : judgement.error;
  const reached = result.kind === "refused" ? undefined : result;
  return {
    ok: error === null,
    attempt: {
      id,
      at: toTimestamp(sentAt),
      outcome: error === null ? "delivered" : "refused",
      statusCode: result.kind === "answered" ? result.statusCode : null,
      durationMs: result.durationMs,
      error,
      code: (result.kind === "failed" ? result.code : undefined) ?? null,
      dns: result.dns ?? null,
      address: reached?.address ?? null,
      tls: reached?.tls ?? null,
      phases: reached?.phases ?? {},
      answer: result.kind === "answered" ? result.body : "",
      signedContent: signed,
    },
  };
}

/** Result for a destination that was deleted after the test was requested. */
function goneDiagnosis(id: string, at: number): TestDiagnosis {
  return {
    ok: false,
    attempt: {
      id,
      at: toTimestamp(at),
      outcome: "refused",
      statusCode: null,
      durationMs: 0,
      error: "destination-gone",
      code: null,
      dns: null,
      address: null,
      tls: null,
      phases: {},
      answer: "",
      signedContent: null,
    },
  };
}
