import * as z from "zod/mini";

/** Times of record (timestamps): `from` inclusive, `to` exclusive. */
export const recordedSchema = z.object({ from: z.string(), to: z.string() });
export type Recorded = z.infer<typeof recordedSchema>;

/** Without a window everything is. */
export function isRecordedIn(
  { recordedAt }: { recordedAt: string },
  recorded: Recorded | undefined,
): boolean {
  return recorded === undefined || (recordedAt >= recorded.from && recordedAt < recorded.to);
}
