import * as z from "zod/mini";
import {
  component,
  cursorParameter,
  described,
  fields,
  flag,
  limitParameter,
  listOf,
  time,
  timestamp,
  whole,
} from "../base/field.ts";
import { placeSchema } from "./destination-actions-api.ts";

export const replayRequestSchema = component(
  "ReplayRequest",
  "Which recorded events to deliver again",
  fields("{ from, to, dryRun?, eventsPerSecond? }", {
    from: described("Events recorded at or after this", time()),
    to: described(
      "Events recorded before this. One that was redriven from quarantine is there if this is not before it was",
      time(),
    ),
    dryRun: described("Only count", z._default(flag(), false)),
    eventsPerSecond: described("At most so many a second", z.optional(whole("events a second", 1, 1000))),
  }),
  { from: "2026-11-22T00:00:00Z", to: "2026-11-23T00:00:00Z", dryRun: true },
);

const window = {
  from: timestamp(),
  to: timestamp(),
  events: described(
    "Events that are delivered, exactly up to 2,000 journalled ones and 8 MB of them to be read; where `exact` is false that many at most, since the filter, their time or expiry, or being a notice about this destination may leave some of them out",
    z.int(),
  ),
  exact: z.boolean(),
  journalledEvents: described(
    "Events in the journal from the first of the window to the last, wanted or not; a few of other times may lie between them",
    z.int(),
  ),
  startsAt: placeSchema,
};

const WINDOW_EXAMPLE = {
  from: "2026-11-22T00:00:00.000Z",
  to: "2026-11-23T00:00:00.000Z",
  events: 1200,
  exact: true,
  journalledEvents: 1200,
  startsAt: { page: 30, index: 0 },
};

const REPLAY_EXAMPLE = {
  id: "rpl_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
  delivery: null,
  status: "running" as const,
  ...WINDOW_EXAMPLE,
  passedEvents: 300,
  progress: 0.25,
  createdAt: "2026-11-23T05:00:00.000Z",
  createdBy: "usr_1",
};

export const replayCountSchema = component(
  "ReplayCount",
  "What a replay would deliver",
  z.object({ dryRun: z.literal(true), ...window }),
  { dryRun: true, ...WINDOW_EXAMPLE },
);

export const replaySchema = component(
  "Replay",
  "Events being delivered again, by a lane of its own",
  z.object({
    id: z.string(),
    delivery: described("The delivery that it repeats, if it was begun by a retry", z.nullable(z.string())),
    status: described(
      "`running`; `paused` while its destination is disabled or the plan has no forwarding; `suspended` after refusals without end; `done`; `cancelled` by its owner",
      z.enum(["running", "paused", "suspended", "done", "cancelled"]),
    ),
    ...window,
    passedEvents: described("Of the journalled events, those that are behind it", z.int()),
    progress: described("0 to 1", z.number()),
    createdAt: timestamp(),
    createdBy: z.string(),
  }),
  REPLAY_EXAMPLE,
);
export type ReplayAnswer = z.infer<typeof replaySchema>;

export const replayListSchema = component("ReplayList", "Replays, newest first", listOf(replaySchema), {
  items: [REPLAY_EXAMPLE],
  nextCursor: null,
});

export const replayParametersSchema = fields("{ limit?, cursor? }", {
  limit: z._default(limitParameter(100), 50),
  cursor: z.optional(cursorParameter()),
});
