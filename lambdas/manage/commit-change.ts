import type { PostedEvent } from "../core/entry/event-schema.ts";
import { buildOwnEntry } from "../core/entry/own-entry.ts";
import { rowOf } from "../core/lane/row.ts";
import type { Lane } from "../core/lane/state.ts";
import type { Workspace } from "../core/workspace/entitlement.ts";
import type { RegistryWrite } from "../core/destination/registry-write.ts";
import { type Call, refuse } from "./call.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { CHANGE_TRIES, contended } from "./guards.ts";

/** Returned when the transaction conflicted with another change and must be retried. */
export const AGAIN = Symbol("again");

/**
 * Repeats a change until it is stored; each attempt reads the rows again. Refuses when every attempt conflicted with
 * another change.
 */
export async function untilCommitted<Result>(
  attempt: () => Promise<Result | typeof AGAIN>,
  tries = CHANGE_TRIES,
): Promise<Result> {
  for (let made = 0; made < tries; made++) {
    const result = await attempt();
    if (result !== AGAIN) return result;
  }
  return refuse(contended());
}

/** Builds the audit event of a change, to be stored in the same transaction. */
export function recordOf(
  { request }: Call,
  workspace: Workspace,
  event: PostedEvent,
  { clock, random, settings }: Pick<ManageDependencies, "clock" | "random" | "settings">,
): RegistryWrite {
  const own = { workspace, event, trace: request.trace };
  return { kind: "record", entry: buildOwnEntry(own, clock(), random, settings) };
}

/**
 * Stores lanes together with the audit event of their owner's operation. Returns AGAIN when a lane was changed in the
 * meantime.
 */
export async function storeLanes(
  call: Call,
  workspace: Workspace,
  event: PostedEvent,
  lanes: readonly Lane[],
  dependencies: ManageDependencies,
): Promise<"stored" | typeof AGAIN> {
  const result = await dependencies.registry.commit([
    recordOf(call, workspace, event, dependencies),
    ...lanes.map((lane): RegistryWrite => ({ kind: "replace", row: rowOf(lane) })),
  ]);
  return result.kind === "committed" ? "stored" : AGAIN;
}
