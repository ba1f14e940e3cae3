import * as z from "zod/mini";
import { toTimestamp } from "../base/clock.ts";
import type { RegistryWriter, RowKey } from "./registry-write.ts";

/**
 * A destination that is being made or removed. Its secret and its rows cannot change in one step, so this row is there from before
 * the first step until after the last: whatever dies in between leaves a trace that leads to the secret.
 */
export const unfinishedSchema = z.object({
  workspace: z.string(),
  item: z.string(),
  destination: z.string(),
  state: z.enum(["creating", "removing"]),
  secretName: z.string(),
  version: z.number(),
  since: z.string(),
});
export type Unfinished = z.infer<typeof unfinishedSchema>;

export const UNFINISHED_PREFIX = "unfinished#";

export function unfinishedItem(destination: string): string {
  return UNFINISHED_PREFIX + destination;
}

/** No request lives this long (API Gateway stops at 30 s), so who began it has ended. */
const ABANDONED_AFTER_MS = 15 * 60_000;

export interface UnfinishedDependencies {
  registry: RegistryWriter & {
    listUnfinished(workspace: string): Promise<Unfinished[]>;
    /** Keys of the lanes and replays that a removed destination has left. */
    listRemains(workspace: string, destination: string): Promise<RowKey[]>;
  };
  /** A secret that is gone is fine. */
  secrets: { deleteSecret(name: string): Promise<void> };
  clock: () => number;
}

/** Removes what a removed destination leaves: secret, lanes, replays, then the trace itself. Idempotent. */
export async function finishRemoval(row: Unfinished, dependencies: UnfinishedDependencies): Promise<void> {
  const { registry, secrets } = dependencies;
  await secrets.deleteSecret(row.secretName);
  for (const key of await registry.listRemains(row.workspace, row.destination)) await registry.removeRow(key);
  await registry.removeRow(row);
}

/** Ends what was left half-done in a workspace. A creation is taken from its maker first, who then cannot finish it any more. */
export async function finishAbandoned(
  workspace: string,
  dependencies: UnfinishedDependencies,
): Promise<number> {
  const before = toTimestamp(dependencies.clock() - ABANDONED_AFTER_MS);
  const rows = await dependencies.registry.listUnfinished(workspace);
  let finished = 0;
  for (const row of rows.filter(({ since }) => since < before)) {
    if (row.state === "creating") {
      const removing: Unfinished = { ...row, state: "removing" };
      const taken = await dependencies.registry.commit([{ kind: "replace", row: removing }]);
      if (taken.kind !== "committed") continue;
    }
    await finishRemoval(row, dependencies);
    finished++;
  }
  return finished;
}
