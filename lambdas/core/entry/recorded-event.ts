import * as z from "zod/mini";

/** The part of a recorded CloudEvent that queries filter by. */
export const recordedEventSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  time: z.string(),
  data: z.looseObject({
    actor: z.looseObject({ id: z.string() }),
    action: z.looseObject({ category: z.string(), action: z.string() }),
    target: z.optional(z.nullable(z.looseObject({ id: z.string() }))),
  }),
});
export type RecordedEvent = z.infer<typeof recordedEventSchema>;
