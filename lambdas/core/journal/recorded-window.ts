import * as z from "zod/mini";

/** A window of times of record (timestamps): `from` is inclusive, `to` exclusive. */
export const recordedSchema = z.object({ from: z.string(), to: z.string() });
export type Recorded = z.infer<typeof recordedSchema>;

/** Whether something was recorded within a window; always true without a window. */
export function isRecordedIn(
  { recordedAt }: { recordedAt: string },
  recorded: Recorded | undefined,
): boolean {
  return recorded === undefined || (recordedAt >= recorded.from && recordedAt < recorded.to);
}
