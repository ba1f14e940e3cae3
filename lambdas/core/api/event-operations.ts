import * as z from "zod/mini";
import { postedEventSchema, recordRequestSchema } from "../entry/event-schema.ts";
import { component, described, documentation } from "../base/field.ts";
import type { Operation } from "./operation.ts";
import {
  directExportParametersSchema,
  eventDetailSchema,
  eventListParametersSchema,
  eventListSchema,
  exportListSchema,
  exportRequestSchema,
  exportSchema,
} from "./reading-api.ts";

const EVENTS = "/v1/workspaces/{ws}/events";
const EXPORTS = "/v1/workspaces/{ws}/exports";
const noWorkspace = "There is no such workspace";

// CloudEvents forbids control characters in attributes. Code checks that, so the pattern has to be added here.
for (const { shape } of [postedEventSchema.shape.actor, postedEventSchema.shape.target.def.innerType]) {
  for (const schema of [shape.type, shape.id]) {
    documentation.add(schema, { pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]+$" });
  }
}
// Code checks it, in order to keep every key (such as `__proto__`), so the schema has to be added here.
documentation.add(postedEventSchema.shape.metadata, {
  type: "object",
  description: "Free JSON, kept as it is",
});

const recordBodySchema = component(
  "RecordRequest",
  "Events to record, in their order: all of them or none. At most 64 KiB an event, 1 MiB a request, 380 kB as stored",
  recordRequestSchema,
  {
    events: [
      {
        category: "team_member",
        action: "invited",
        actor: { type: "user", id: "usr_1", name: "Ada" },
        target: { type: "user", id: "usr_9" },
        metadata: { role: "admin" },
      },
    ],
  },
);

const recordedSchema = component(
  "Recorded",
  "What was recorded, and is durable",
  z.object({
    entry: z.string(),
    duplicate: described("The same request had been recorded before: nothing new was", z.boolean()),
    events: described("In the order of the request", z.array(z.object({ id: z.string() }))),
  }),
  {
    entry: "ent_0g40r40m30e209185gr38e1w81",
    duplicate: false,
    events: [{ id: "aud_0g40r40m30e209185gr38e1w8100" }],
  },
);

/** Operations that record, read and export events. */
export const eventOperations = {
  recordEvents: {
    method: "POST",
    path: EVENTS,
    tag: "Events",
    summary: "Record events",
    description:
      "Atomic and, with an `Idempotency-Key`, safe to repeat: the same request answers the same ids.",
    scope: "events:write",
    headers: {
      "Idempotency-Key": {
        description: "1 to 255 printable ASCII characters that name this request, a UUID for one",
        required: false,
        pattern: "^[\\x20-\\x7e]{1,255}$",
        example: "8f4d9a52-6f0e-4f0e-9c39-1d0f3c1b7a11",
      },
    },
    body: recordBodySchema,
    answers: {
      202: {
        description: "Recorded and durable",
        schema: recordedSchema,
        leadsTo: { parameter: "id", at: "/events/0/id", operations: ["getEvent"] },
      },
    },
    refusals: {
      400: "The body or the key is not valid; nothing was recorded",
      404: noWorkspace,
      409: "The key was used with another body",
      413: "An event, the request, or what would be stored is too large",
    },
  },
  listEvents: {
    method: "GET",
    path: EVENTS,
    tag: "Events",
    summary: "Find events, newest first",
    description: "Within the retention of the workspace. `from` and `to` are times of record.",
    scope: "events:read",
    query: eventListParametersSchema,
    answers: { 200: { description: "A part of what was found", schema: eventListSchema } },
    refusals: { 400: "A parameter is not valid", 404: noWorkspace },
  },
  getEvent: {
    method: "GET",
    path: `${EVENTS}/{id}`,
    tag: "Events",
    summary: "Read an event and its deliveries",
    scope: "events:read",
    answers: { 200: { description: "The event", schema: eventDetailSchema } },
    refusals: { 404: "There is no such workspace or event, or it has expired" },
  },
  exportEvents: {
    method: "GET",
    path: `${EVENTS}/export`,
    tag: "Exports",
    summary: "Export a small window at once, oldest first",
    description:
      "What was journalled more than a minute after it was recorded is left out of a window that ends before that; a job finds it.",
    scope: "events:read",
    query: directExportParametersSchema,
    answers: {
      200: {
        description: "One event a line",
        schema: z.string(),
        contentTypes: ["application/x-ndjson", "text/csv"],
      },
    },
    refusals: {
      400: "A parameter is not valid",
      404: noWorkspace,
      413: "More than 5 MB, or than 5,000 pages of the journal: ask for a job",
    },
  },
  createExport: {
    method: "POST",
    path: EXPORTS,
    tag: "Exports",
    summary: "Export a window of any size by a job",
    scope: "events:read",
    body: exportRequestSchema,
    answers: {
      202: {
        description: "The job has begun",
        schema: exportSchema,
        leadsTo: { parameter: "exp", at: "/id", operations: ["getExport"] },
      },
    },
    refusals: {
      400: "The body is not valid",
      404: noWorkspace,
      409: "Ten exports of the workspace are running",
      413: "The body is too large",
    },
  },
  listExports: {
    method: "GET",
    path: EXPORTS,
    tag: "Exports",
    summary: "List the export jobs of the last days",
    scope: "events:read",
    answers: { 200: { description: "The jobs", schema: exportListSchema } },
    refusals: { 404: noWorkspace },
  },
  getExport: {
    method: "GET",
    path: `${EXPORTS}/{exp}`,
    tag: "Exports",
    summary: "Read an export job and the links to its parts",
    scope: "events:read",
    answers: { 200: { description: "The job", schema: exportSchema } },
    refusals: { 404: "There is no such workspace or export" },
  },
} as const satisfies Record<string, Operation>;
