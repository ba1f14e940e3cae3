import { sha256 } from "./build-entry.ts";
import { type PostedEvent, recordRequestSchema } from "./event-schema.ts";
import { LIMITS } from "../base/limits.ts";
import type { Problem } from "../base/problem.ts";
import { readJson } from "../base/request-body.ts";
import { schemaProblem } from "../base/schema-problem.ts";

export interface AskedToRecord {
  events: readonly PostedEvent[];
  requestHash: string;
  idempotencyKey: string | undefined;
}

type ReadRequest = { ok: true; asked: AskedToRecord } | { ok: false; problem: Problem };

// Printable ASCII, which every client and proxy passes on unchanged.
const KEY = new RegExp(`^[\\x20-\\x7e]{1,${LIMITS.idempotencyKeyCharacters}}$`);

function badKey(): Problem {
  return {
    kind: "invalid-idempotency-key",
    title: "The Idempotency-Key is not valid",
    status: 400,
    detail:
      "Send printable ASCII, a UUID for one; or leave the header out if the request will never be repeated.",
    field: "Idempotency-Key",
    limit: `1 to ${LIMITS.idempotencyKeyCharacters} characters`,
  };
}

function eventProblem(problem: Problem): Problem {
  if (problem.field === "events") {
    return {
      ...problem,
      kind: "event-count",
      status: 400,
      title: "The request does not hold 1 to 100 events",
      limit: `1 to ${LIMITS.eventsPerRequest} events`,
      detail: "Send a list of 1 to 100 events; more go into several requests.",
    };
  }
  return problem.field?.startsWith("events[") === true
    ? { ...problem, kind: "invalid-event", status: 400, title: "An event is not valid" }
    : problem;
}

/** Parses the request `POST …/events`. Two requests are the same request if their bodies are equal byte for byte. */
export function readRecordRequest(request: {
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array | undefined;
}): ReadRequest {
  const idempotencyKey = request.headers["idempotency-key"];
  if (idempotencyKey !== undefined && !KEY.test(idempotencyKey)) return { ok: false, problem: badKey() };
  const json = readJson(request.body, LIMITS.requestBytes);
  if (!json.ok) return json;
  const parsed = recordRequestSchema.safeParse(json.value);
  if (!parsed.success) {
    return { ok: false, problem: eventProblem(schemaProblem(parsed.error, json.value)) };
  }
  const { events } = parsed.data;
  return { ok: true, asked: { events, requestHash: sha256(request.body ?? ""), idempotencyKey } };
}
