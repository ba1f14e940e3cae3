import * as z from "zod/mini";
import { SPANS_LOOKED_AT } from "../reading/event-delivery.ts";
import { MAX_EXPORT_PARTS, EXPORT_LINK_SECONDS } from "../reading/export-job.ts";
import { MAX_EXAMINED_EVENTS, MAX_EXAMINED_PAGES } from "../reading/read-journal.ts";
import {
  component,
  cursorParameter,
  described,
  fields,
  limitParameter,
  listOf,
  oneOf,
  text,
  time,
  timestamp,
} from "../base/field.ts";

export const DEFAULT_EVENTS_LIMIT = 50;
export const MAX_EVENTS_LIMIT = 100;

const name = (what: string) =>
  described(
    `Only events of this ${what}`,
    text("must be lower-case letters, digits and _, beginning with a letter", {
      max: 128,
      pattern: /^[a-z][a-z0-9_]*$/,
    }),
  );
const identifier = (what: string) =>
  described(
    `Only events of the ${what} with this id`,
    text("must be an id of 1 to 512 characters", { max: 512 }),
  );

const filterFields = {
  category: z.optional(name("category")),
  action: z.optional(name("action")),
  actor: z.optional(identifier("actor")),
  target: z.optional(identifier("target")),
  q: z.optional(
    described(
      "Only events with this text in a value of `data`, without regard to case",
      text("must be a text of 1 to 200 characters", { max: 200 }),
    ),
  ),
};
const windowFields = {
  from: z.optional(described("Recorded at this time or later", time())),
  to: z.optional(described("Recorded before this time", time())),
};

const IN_ORDER = z.refine<{ from?: string | undefined; to?: string | undefined }>(
  ({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to),
  { path: ["to"], error: "must be later than `from`" },
);

/** A number, which is text in a query string. */
const numberText = <Schema extends z.core.$ZodType>(schema: Schema) =>
  z.pipe(
    z.transform((value) => (typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value)),
    schema,
  );

export const eventListParametersSchema = fields(
  "{ from?, to?, category?, action?, actor?, target?, q?, limit?, cursor? }",
  {
    ...windowFields,
    ...filterFields,
    limit: z._default(numberText(limitParameter(MAX_EVENTS_LIMIT)), DEFAULT_EVENTS_LIMIT),
    cursor: z.optional(cursorParameter()),
  },
).check(IN_ORDER);
export type EventListParameters = z.output<typeof eventListParametersSchema>;

const format = () =>
  described(
    "`ndjson`: one CloudEvent a line. `csv`: one row an event, with a header, its context and the time of record in the last columns",
    oneOf("ndjson", "csv"),
  );

export const directExportParametersSchema = fields("{ format, from?, to? }", {
  format: format(),
  ...windowFields,
}).check(IN_ORDER);

export const exportRequestSchema = component(
  "ExportRequest",
  "What a job is to export",
  fields("{ format, from?, to?, category?, action?, actor?, target?, q? }", {
    format: format(),
    ...windowFields,
    ...filterFields,
  }).check(IN_ORDER),
  { format: "csv", from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z", category: "team_member" },
);
export type ExportRequest = z.output<typeof exportRequestSchema>;

const EVENT_EXAMPLE = {
  specversion: "1.0" as const,
  id: "aud_0g40r40m30e209185gr38e1w8100",
  source: "https://app.example.com/workspaces/ws_1",
  type: "pro.atmos.team_member.invited",
  time: "2026-11-23T05:00:00.000Z",
  subject: "usr_9",
  datacontenttype: "application/json" as const,
  data: {
    actor: { id: "usr_1", type: "user" },
    action: { category: "team_member", action: "invited" },
    target: { type: "user", id: "usr_9" },
    description: null,
    metadata: {},
  },
};

const SUMMARY_EXAMPLE = {
  id: "exp_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
  status: "done" as const,
  format: "csv" as const,
  from: "2026-11-01T00:00:00.000Z",
  to: null,
  createdAt: "2026-11-23T05:00:00.000Z",
  updatedAt: "2026-11-23T05:00:02.000Z",
  events: 1,
};

const EXPORT_EXAMPLE = {
  ...SUMMARY_EXAMPLE,
  parts: [
    {
      events: 1,
      bytes: 420,
      oldest: "2026-11-20T09:00:00.000Z",
      newest: "2026-11-20T09:00:00.000Z",
      expired: false,
      url: "https://bucket.s3.amazonaws.com/part-1.csv?X-Amz-Signature=…",
    },
  ],
};

export const recordedEventSchema = component(
  "RecordedEvent",
  "An event as it was recorded and is delivered: a CloudEvent",
  z.looseObject({
    specversion: z.literal("1.0"),
    id: z.string(),
    source: z.string(),
    type: z.string(),
    time: timestamp(),
    subject: z.optional(z.string()),
    datacontenttype: z.literal("application/json"),
    data: z.record(z.string(), z.unknown()),
  }),
  EVENT_EXAMPLE,
);

export const eventListSchema = component(
  "EventList",
  `Events within the retention of the workspace, newest first. An answer may hold fewer than asked for, even none, and a cursor: one request examines at most ${MAX_EXAMINED_EVENTS} events and ${MAX_EXAMINED_PAGES} pages of the journal`,
  listOf(
    z.intersection(
      recordedEventSchema,
      z.looseObject({
        recordedAt: described("What `from` and `to` look at; `time` is the emitter's", timestamp()),
      }),
    ),
  ),
  { items: [{ ...EVENT_EXAMPLE, recordedAt: "2026-11-23T05:00:00.120Z" }], nextCursor: null },
);

export const eventDetailSchema = component(
  "EventDetail",
  "One event and its deliveries, newest first",
  z.object({
    event: recordedEventSchema,
    recordedAt: timestamp(),
    entry: z.string(),
    deliveries: described(
      `The deliveries that held the event, newest first: of each destination among the first ${SPANS_LOOKED_AT} since it was recorded and the newest ${SPANS_LOOKED_AT}`,
      z.array(
        z.object({
          destination: z.string(),
          id: z.string(),
          outcome: z.string(),
          frozenAt: timestamp(),
          certain: described(
            "`false`: filter or format of the destination have changed since, and the filter of that time may have left the event out",
            z.boolean(),
          ),
        }),
      ),
    ),
    moreDeliveries: described("There are deliveries between those that were looked at", z.boolean()),
  }),
  {
    event: EVENT_EXAMPLE,
    recordedAt: "2026-11-23T05:00:00.000Z",
    entry: "ent_0g40r40m30e209185gr38e1w81",
    deliveries: [
      {
        destination: "dst_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
        id: "whd_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
        outcome: "delivered",
        frozenAt: "2026-11-23T05:00:01.000Z",
        certain: true,
      },
    ],
    moreDeliveries: false,
  },
);

const summaryFields = {
  id: z.string(),
  status: described(
    `\`incomplete\`: it ended at ${MAX_EXPORT_PARTS} parts; ask for the rest \`from\` the \`newest\` of the last one. \`failed\`: it was started again and again without getting on`,
    z.enum(["running", "done", "incomplete", "failed"]),
  ),
  format: z.enum(["ndjson", "csv"]),
  from: z.nullable(z.string()),
  to: z.nullable(z.string()),
  createdAt: timestamp(),
  updatedAt: timestamp(),
  events: z.int(),
};

const partSchema = z.object({
  events: z.int(),
  bytes: z.int(),
  oldest: described("Time of record of its oldest event", z.nullable(z.string())),
  newest: described("Time of record of its newest event", z.nullable(z.string())),
  expired: described(
    "Its oldest event has left the retention of the workspace: no link any more",
    z.boolean(),
  ),
  url: z.optional(z.string()),
});

export const exportSchema = component(
  "Export",
  `A job. Its parts are there once it has ended; their links are good for ${EXPORT_LINK_SECONDS / 60} minutes, then read the job again`,
  z.object({ ...summaryFields, parts: z.array(partSchema) }),
  EXPORT_EXAMPLE,
);

export const exportListSchema = component(
  "ExportList",
  "Jobs of the last days, newest first; read one for its parts",
  z.object({ items: z.array(z.object(summaryFields)) }),
  { items: [SUMMARY_EXAMPLE] },
);
