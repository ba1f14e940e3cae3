import * as z from "zod/mini";
import { positionSchema } from "../journal/page.ts";

/** What was asked of a replay, written once; how far it is, its lane says. Times as asked, RFC 3339. */
export const replaySchema = z.object({
  workspace: z.string(),
  item: z.string(),
  destination: z.string(),
  replay: z.string(),
  from: z.string(),
  to: z.string(),
  /** Where that lies in the journal, `until` exclusive: events of other times between them are passed. */
  start: positionSchema,
  until: positionSchema,
  /** Events in the journal between them. */
  journalled: z.number(),
  /** How many of them were to be delivered when it began; at most, unless `exact`. */
  events: z.number(),
  exact: z.boolean(),
  /** The closed delivery that it repeats; `from` and `to` are then when that was begun and closed. */
  delivery: z.optional(z.string()),
  createdAt: z.string(),
  /** The caller's subject. */
  createdBy: z.string(),
});
export type Replay = z.infer<typeof replaySchema>;

/** Sort keys in the Registry. */
export const replayItem = {
  replay: (destination: string, replay: string): string => `replay#${destination}#${replay}`,
  replaysOf: (destination: string): string => `replay#${destination}#`,
} as const;
