/** So long after a call that someone waited for, the endpoint is taken to be in use. */
const IN_USE_MS = 100;
/** Between two calls of the background the others have their turn. A call to DynamoDB takes about as long in a Region. */
const TURN_MS = 4;

/** Lets the calls of functions that nobody waits for give way to all others. */
export interface BackgroundCalls {
  /** A call that someone waits for. */
  served(): void;
  /** Resolves when a call of the background may be carried out: at once while nobody else calls, otherwise one after the other. */
  turn(): Promise<void>;
}

/** The stores of all services share one thread here: a purge at full speed would keep each call of ingest waiting for some of its own. */
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
