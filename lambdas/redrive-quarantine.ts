import { type RedriveDependencies, type Redriven, redriveQuarantine } from "./core/fan-out/redrive.ts";
import { createEntryPoint, type LambdaHandler } from "./pipeline/entry-point.ts";
import { ANY_EVENT, createEventHandler } from "./pipeline/event-handler.ts";
import { connectRedrive } from "./wiring/redrive-quarantine.ts";

// Reserved for finishing the current row before the function's time-out.
const RESERVE_MS = 5_000;

/**
 * Invoked by the command line. Returns the numbers of redriven rows by their result; the caller repeats while
 * `remaining` is true.
 */
export function createRedriveHandler(
  dependencies: Omit<RedriveDependencies, "hasTime">,
): LambdaHandler<Redriven> {
  return createEventHandler(ANY_EVENT, (_event, context) =>
    redriveQuarantine({
      ...dependencies,
      hasTime: () => context.getRemainingTimeInMillis() > RESERVE_MS,
    }),
  );
}

export const handler = createEntryPoint(connectRedrive, createRedriveHandler);
