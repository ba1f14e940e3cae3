import { type RedriveDependencies, type Redriven, redriveQuarantine } from "./core/fan-out/redrive.ts";
import { createEntryPoint, type LambdaHandler } from "./pipeline/entry-point.ts";
import { ANY_EVENT, createEventHandler } from "./pipeline/event-handler.ts";
import { connectRedrive } from "./wiring/redrive-quarantine.ts";

// A row in hand is finished before the function's time is.
const RESERVE_MS = 5_000;

/** Invoked by the command line; answers what became of the rows in quarantine. Call again while `remaining`. */
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
