import { toTimestamp } from "../core/base/clock.ts";
import { skippedNote } from "../core/lane/delivery-facts.ts";
import type { Lane } from "../core/lane/lane.ts";
import { closeNumber } from "../core/lane/close-number.ts";
import type { ManageDependencies } from "./dependencies.ts";

/** The lane without what it had frozen, whose number closes as skipped: first of all in the log, so that no closed number lacks its record. */
export async function closeFrozen(
  lane: Lane,
  { deliveryLog, settings, clock }: ManageDependencies,
): Promise<Lane> {
  if (lane.frozen === undefined) return lane;
  const now = clock();
  const note = skippedNote(lane, settings.deliveryLogDays, now, toTimestamp(now));
  if (note !== undefined) await deliveryLog.note(note);
  return closeNumber(lane, lane.frozen);
}
