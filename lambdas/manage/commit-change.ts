import type { PostedEvent } from "../core/entry/event-schema.ts";
import { buildOwnEntry } from "../core/entry/own-entry.ts";
import { rowOf } from "../core/lane/row.ts";
import type { Lane } from "../core/lane/state.ts";
import type { Workspace } from "../core/workspace/entitlement.ts";
import type { RegistryWrite } from "../core/destination/registry-write.ts";
import { type Call, refuse } from "./call.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { CHANGE_TRIES, contended } from "./guards.ts";

/** What an attempt answers that is to be made anew, because another change came in between. */
export const AGAIN = Symbol("again");

/** Makes a change until it is stored. Each attempt reads anew; refused when another one came in between in all of them. */
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

/** The audit event of a change, to be stored together with it. */
export function recordOf(
  { request }: Call,
  workspace: Workspace,
  event: PostedEvent,
  { clock, random, settings }: Pick<ManageDependencies, "clock" | "random" | "settings">,
): RegistryWrite {
  const own = { workspace, event, trace: request.trace };
  return { kind: "record", entry: buildOwnEntry(own, clock(), random, settings) };
}

/** Stores lanes as an order of their owner leaves them, with the order's audit event; AGAIN when one was changed meanwhile. */
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
