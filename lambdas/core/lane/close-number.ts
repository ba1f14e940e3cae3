import { comparePositions, type Position } from "../journal/page.ts";
import type { Frozen, Lane } from "./lane.ts";

/** What belongs to one delivery and its refusals, gone: the lane has nothing frozen and waits for nothing. */
export const NOTHING_FROZEN = {
  frozen: undefined,
  attempts: 0,
  firstAttemptAt: undefined,
  nextAttemptAt: undefined,
  dueShard: undefined,
  skip: undefined,
} as const;

/**
 * Closes the frozen delivery's number: the next delivery takes the next one and names this as previous.
 * What a suspended lane waits for is not its delivery but its owner's notice.
 */
export function closeNumber(lane: Lane, frozen: Frozen): Lane {
  const { nextAttemptAt, dueShard } = lane;
  return {
    ...lane,
    ...NOTHING_FROZEN,
    ...(lane.status === "suspended" && { nextAttemptAt, dueShard }),
    number: frozen.number + 1,
    previousId: frozen.id,
  };
}

/** Moves the cursor; the end of a split delivery is forgotten once it is reached. */
export function moveCursor(lane: Lane, cursor: Position): Lane {
  const { splitEnd } = lane;
  const isPast = splitEnd !== undefined && comparePositions(cursor, splitEnd) >= 0;
  return { ...lane, cursor, ...(isPast && { splitEnd: undefined, splitParent: undefined }) };
}
