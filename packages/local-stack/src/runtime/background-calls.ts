/** The endpoint counts as in use for this long after a call that a request waited for. */
const IN_USE_MS = 100;
/**
 * Pause between two background calls, which leaves time for others. It is about as long as a call to DynamoDB takes in
 * a Region.
 */
const TURN_MS = 4;

/** Gives calls of functions that work in the background a lower priority than all others. */
export interface BackgroundCalls {
  /** Called for each call that is not from the background. */
  served(): void;
  /**
   * Resolves when a background call may be carried out: at once if there are no other calls, otherwise one after the
   * other.
   */
  turn(): Promise<void>;
}

/**
 * All services share one thread here. Without this, a background function that works at full speed would delay each
 * call that a request waits for by several of its own.
 */
export function createBackgroundCalls(
  now: () => number = () => performance.now(),
  pause: (milliseconds: number) => Promise<void> = (milliseconds) =>
    new Promise((resolve) => setTimeout(resolve, milliseconds)),
): BackgroundCalls {
  let servedAt = Number.NEGATIVE_INFINITY;
  let turns = Promise.resolve();
  return {
    served: () => {
      servedAt = now();
    },
    turn: () => {
      turns = turns.then(() => (now() - servedAt < IN_USE_MS ? pause(TURN_MS) : undefined));
      return turns;
    },
  };
}
