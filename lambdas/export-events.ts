import * as z from "zod/mini";
import type { Log } from "./core/base/log.ts";
import { type ExportStarter, runExport, type RunExportDependencies } from "./core/reading/run-export.ts";
import { createEntryPoint, type LambdaHandler } from "./pipeline/entry-point.ts";
import { createEventHandler } from "./pipeline/event-handler.ts";
import { connectExport } from "./wiring/export-events.ts";

export interface ExportEventsDependencies {
  run: Omit<RunExportDependencies, "hasTime">;
  starter: ExportStarter;
  log: Log;
}

/** Reserved at the end of an invocation, because reading and writing one part takes seconds. */
const RESERVE_MS = 60_000;

const requestSchema = z.object({ workspace: z.string(), export: z.string() });

/** Writes an export job part by part. What does not fit into one invocation is continued by the next. */
export function createExportEventsHandler({
  run,
  starter,
  log,
}: ExportEventsDependencies): LambdaHandler<void> {
  return createEventHandler(requestSchema, async ({ workspace, export: id }, context) => {
    const hasTime = (): boolean => context.getRemainingTimeInMillis() > RESERVE_MS;
    const outcome = await runExport(workspace, id, { ...run, hasTime });
    if (outcome === "unfinished") await starter.start(workspace, id);
    log.info("export.ran", { workspace, outcome });
  });
}

export const handler = createEntryPoint(connectExport, createExportEventsHandler);
