import type { Context } from "aws-lambda";
import { createDynamoClient, RowShapeError } from "./adapters/dynamo.ts";
import { createEntryPoint } from "./adapters/entry-point.ts";
import { createEntryStore } from "./adapters/entry-store.ts";
import { createJournalStore } from "./adapters/journal-store.ts";
import { createLaneStore } from "./adapters/lane-store.ts";
import { systemClock } from "./adapters/local-allowance.ts";
import { createPowertoolsLog } from "./adapters/powertools-log.ts";
import { createQuarantineStore } from "./adapters/quarantine-store.ts";
import { connectRingQueue } from "./adapters/ring-queue.ts";
import { ENV } from "./core/environment.ts";
import { type RedriveDependencies, type Redriven, redriveQuarantine } from "./core/redrive.ts";

// A row in hand is finished before the function's time is.
const RESERVE_MS = 5_000;

/** Invoked by the command line; answers what became of the rows in quarantine. Call again while `remaining`. */
export function createRedriveHandler(
  dependencies: Omit<RedriveDependencies, "hasTime">,
): (event: unknown, context: Pick<Context, "getRemainingTimeInMillis">) => Promise<Redriven> {
  return (_event, context) =>
    redriveQuarantine({
      ...dependencies,
      hasTime: () => context.getRemainingTimeInMillis() > RESERVE_MS,
    });
}

export const handler = createEntryPoint((environment) => {
  const client = createDynamoClient();
  return createRedriveHandler({
    journal: createJournalStore(client, environment.text(ENV.journalTable)),
    entries: createEntryStore(client, environment.text(ENV.eventsTable)),
    lanes: createLaneStore(client, environment.text(ENV.registryTable)),
    rings: connectRingQueue(environment),
    quarantine: createQuarantineStore(client, environment.text(ENV.quarantineTable)),
    clock: systemClock,
    log: createPowertoolsLog("redrive"),
    isLasting: (error) => error instanceof RowShapeError,
  });
});
