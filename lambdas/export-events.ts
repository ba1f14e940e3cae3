import type { Context } from "aws-lambda";
import * as z from "zod/mini";
import { createDynamoClient, createLambdaClient, createS3Client } from "./adapters/aws-clients.ts";
import { createEntryPoint } from "./adapters/entry-point.ts";
import { createEntryStore } from "./adapters/entry-store.ts";
import { createExportParts, createExportRows, createExportStarter } from "./adapters/export-store.ts";
import { createReading } from "./adapters/journal-reading.ts";
import { createJournalStore } from "./adapters/journal-store.ts";
import { systemClock } from "./adapters/local-allowance.ts";
import { createPowertoolsLog } from "./adapters/powertools-log.ts";
import { systemRandom } from "./adapters/system-random.ts";
import { createWorkspaceReader } from "./adapters/workspace-store.ts";
import { plansSchema } from "./core/workspace/entitlement.ts";
import { ENV } from "./core/base/environment.ts";
import type { Log } from "./core/base/log.ts";
import { type ExportStarter, runExport, type RunExportDependencies } from "./core/reading/run-export.ts";

export interface ExportEventsDependencies {
  run: Omit<RunExportDependencies, "hasTime">;
  starter: ExportStarter;
  log: Log;
}

/** Kept free at the end of an invocation: reading and writing one part takes seconds. */
const RESERVE_MS = 60_000;

const requestSchema = z.object({ workspace: z.string(), export: z.string() });

/** An export job, part by part; what does not fit into one invocation goes on in the next. */
export function createExportEventsHandler({
  run,
  starter,
  log,
}: ExportEventsDependencies): (
  event: unknown,
  context: Pick<Context, "getRemainingTimeInMillis">,
) => Promise<void> {
  return async (event, context) => {
    const { workspace, export: id } = requestSchema.parse(event);
    const hasTime = (): boolean => context.getRemainingTimeInMillis() > RESERVE_MS;
    const outcome = await runExport(workspace, id, { ...run, hasTime });
    if (outcome === "unfinished") await starter.start(workspace, id);
    log.info("export.ran", { workspace, outcome });
  };
}

export const handler = createEntryPoint((environment) => {
  const client = createDynamoClient();
  const registry = environment.text(ENV.registryTable);
  const journalTable = environment.text(ENV.journalTable);
  const journal = createJournalStore(client, journalTable);
  const entries = createEntryStore(client, environment.text(ENV.eventsTable));
  return createExportEventsHandler({
    run: {
      workspaces: createWorkspaceReader(client, registry),
      rows: createExportRows(client, registry),
      parts: createExportParts(createS3Client(), environment.text(ENV.exportBucket)),
      reading: createReading(client, journalTable, journal, entries),
      plans: environment.json(ENV.plans, plansSchema),
      clock: systemClock,
      random: systemRandom,
    },
    starter: createExportStarter(createLambdaClient(), environment.text("AWS_LAMBDA_FUNCTION_NAME")),
    log: createPowertoolsLog("export"),
  });
});
