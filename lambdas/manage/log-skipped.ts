import { toTimestamp } from "../core/base/clock.ts";
import { skippedNote } from "../core/lane/delivery-facts.ts";
import type { Lane } from "../core/lane/state.ts";
import type { ManageDependencies } from "./dependencies.ts";

/** Logs a lane's pending batch as skipped. Call it before storing the lane without it, so that every closed number has its record. */
export async function logSkipped(
  lane: Lane,
  { deliveryLog, settings, clock }: ManageDependencies,
): Promise<void> {
  const now = clock();
  const note = skippedNote(lane, settings.deliveryLogDays, now, toTimestamp(now));
  if (note !== undefined) await deliveryLog.note(note);
}
