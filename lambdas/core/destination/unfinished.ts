import * as z from "zod/mini";
import { toTimestamp } from "../base/clock.ts";
import type { RegistryWriter, RowKey } from "./registry-write.ts";

/**
 * Marks a destination that is being created or removed. Its secret and its rows cannot change in one step, so this row
 * exists from before the first step until after the last, and leads to the secret if a request crashes in between.
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

/** No request takes this long (API Gateway ends it after 30 s), so the one that began the operation has ended. */
const ABANDONED_AFTER_MS = 15 * 60_000;

export interface UnfinishedDependencies {
  registry: RegistryWriter & {
    listUnfinished(workspace: string): Promise<Unfinished[]>;
    /** Keys of the rows of lanes and replays that belonged to a removed destination. */
    listRemains(workspace: string, destination: string): Promise<RowKey[]>;
  };
  /** Deleting a secret that is gone succeeds. */
  secrets: { deleteSecret(name: string): Promise<void> };
  clock: () => number;
}

/** Removes what is left of a removed destination: secret, lanes, replays and at last this row. Idempotent. */
export async function finishRemoval(row: Unfinished, dependencies: UnfinishedDependencies): Promise<void> {
  const { registry, secrets } = dependencies;
  await secrets.deleteSecret(row.secretName);
  for (const key of await registry.listRemains(row.workspace, row.destination)) await registry.removeRow(key);
  await registry.removeRow(row);
}

/**
 * Finishes the incomplete operations of a workspace. Replaces the row of a creation first, so that the original request
 * can no longer complete it.
 */
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
