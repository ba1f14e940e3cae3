import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import type { EntitlementAnswer } from "../core/api/entitlement-api.ts";
import { invalidField } from "../core/base/invalid-field.ts";
import { workspaceOperations } from "../core/api/workspace-operations.ts";
import { toTimestamp } from "../core/base/clock.ts";
import { entitlementOf, type Plans, type Workspace } from "../core/workspace/entitlement.ts";
import { wakeUpOf } from "../core/lane/wake-up.ts";
import { actorOf, entitlementEvent } from "../core/destination/management-event.ts";
import { buildOwnEntry } from "../core/entry/own-entry.ts";
import { problems } from "../core/base/problem.ts";
import type { RegistryWrite } from "../core/destination/registry-write.ts";
import { removeAllDestinations } from "../core/destination/remove-destination.ts";
import {
  type AskedEntitlement,
  isSameEntitlement,
  withEntitlement,
} from "../core/retention/change-entitlement.ts";
import { daysInForce } from "../core/workspace/retention.ts";
import { type Call, readBody, refuse } from "./call.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { CHANGE_TRIES, contended } from "./guards.ts";
import { cleanUpOrphans } from "./clean-up-orphans.ts";

export async function getEntitlement(
  { workspace }: Call,
  dependencies: ManageDependencies,
): Promise<HttpAnswer> {
  const row = await dependencies.registry.readWorkspace(workspace);
  if (row === undefined) refuse(problems.unknownWorkspace());
  return jsonAnswer(200, present(row, dependencies.settings.plans));
}

export async function putEntitlement(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const { settings } = dependencies;
  const asked = readBody(call, workspaceOperations.putEntitlement.body);
  requirePlan(asked.plan, settings.plans);
  for (let tries = 0; tries < CHANGE_TRIES; tries++) {
    const current = await dependencies.registry.readWorkspace(call.workspace);
    if (current !== undefined && isSameEntitlement(current, asked)) {
      return jsonAnswer(200, present(current, settings.plans));
    }
    const changed = await store(call, current, asked, dependencies);
    if (changed === undefined) continue;
    await wakeIfForwardingReturned(current, changed, dependencies);
    await purgeIfRetentionChanged(current, changed, dependencies);
    return jsonAnswer(current === undefined ? 201 : 200, present(changed, settings.plans));
  }
  return refuse(contended());
}

/**
 * Ends a workspace. Deletes its destinations and secrets at once; the purge removes its log after the grace period,
 * whatever the plan.
 */
export async function deleteEntitlement(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const ended = await end(call, dependencies);
  const remover = { actor: actorOf(call.caller.subject), trace: call.request.trace };
  const removed = await removeAllDestinations(ended, remover, dependencies);
  if (removed === "stale") refuse(contended());
  await cleanUpOrphans(call.workspace, dependencies);
  await askForPurge(call.workspace, dependencies);
  return { statusCode: 204 };
}

function requirePlan(plan: string, plans: Plans): void {
  if (Object.hasOwn(plans, plan)) return;
  const names = Object.keys(plans).join(", ");
  refuse(invalidField("plan", `must be one of this deployment's plans: ${names}`));
}

/** Stores the entitlement. Returns the row, or `undefined` when it was changed in the meantime. */
async function store(
  call: Call,
  current: Workspace | undefined,
  asked: AskedEntitlement,
  dependencies: ManageDependencies,
): Promise<Workspace | undefined> {
  const { registry, settings, clock } = dependencies;
  const next = withEntitlement(call.workspace, current, asked, clock(), settings);
  const write: RegistryWrite =
    current === undefined ? { kind: "create", row: next } : { kind: "replace", row: next };
  const metadata = {
    plan: next.plan,
    retentionDays: daysInForce(next, settings.plans),
    hold: next.hold ?? null,
    ...(next.history?.kept !== undefined && { keptUntil: next.history.kept.until }),
    ...(current !== undefined && { before: summary(current, settings.plans) }),
  };
  const record = recordOf(call, next, current === undefined ? "created" : "changed", metadata, dependencies);
  // A legal hold takes effect with this response. The purge may be minutes from seeing it, or in the middle of a
  // removal, so it is paused.
  const stops = next.hold !== undefined && current?.hold === undefined;
  const freeze: RegistryWrite[] = stops ? [{ kind: "freeze", workspace: call.workspace }] : [];
  const result = await registry.commit([write, ...freeze, record]);
  return result.kind === "committed" ? next : undefined;
}

function summary(row: Workspace, plans: Plans): Record<string, unknown> {
  return {
    plan: row.plan,
    retentionDays: daysInForce(row, plans),
    hold: row.hold ?? null,
    ...(row.endedAt !== undefined && { endedAt: row.endedAt }),
  };
}

function recordOf(
  { caller, request }: Call,
  workspace: Workspace,
  action: "created" | "changed" | "ended",
  metadata: Readonly<Record<string, unknown>>,
  { clock, random, settings }: ManageDependencies,
): RegistryWrite {
  const event = entitlementEvent(action, actorOf(caller.subject), workspace.workspace, metadata);
  return {
    kind: "record",
    entry: buildOwnEntry({ workspace, event, trace: request.trace }, clock(), random, settings),
  };
}

async function end(call: Call, dependencies: ManageDependencies): Promise<Workspace> {
  const { registry, settings, clock } = dependencies;
  for (let tries = 0; tries < CHANGE_TRIES; tries++) {
    const current = await registry.readWorkspace(call.workspace);
    if (current === undefined) refuse(problems.unknownWorkspace());
    if (current.endedAt !== undefined) return current;
    const now = toTimestamp(clock());
    const ended: Workspace = { ...current, endedAt: now, updatedAt: now };
    const record = recordOf(call, current, "ended", summary(current, settings.plans), dependencies);
    const result = await registry.commit([{ kind: "replace", row: ended }, record]);
    if (result.kind === "committed") return ended;
  }
  return refuse(contended());
}

/** Wakes the lanes when the plan allows forwarding again. The sweep makes up for a wake-up that is lost. */
async function wakeIfForwardingReturned(
  before: Workspace | undefined,
  after: Workspace,
  { registry, wakeUps, settings, log }: ManageDependencies,
): Promise<void> {
  const forwards = (row: Workspace | undefined): boolean =>
    row !== undefined && entitlementOf(row, settings.plans)?.forwarding === true;
  if (forwards(before) || !forwards(after)) return;
  try {
    const lanes = await registry.listLanes(after.workspace);
    await wakeUps.send(lanes.filter(({ status }) => status.kind === "live").map(wakeUpOf));
  } catch (error) {
    log.error("lane.wake-up-failed", { workspace: after.workspace }, error);
  }
}

/** Requests a purge, so that a changed hold or retention takes effect now and not only with the daily purge. */
async function purgeIfRetentionChanged(
  before: Workspace | undefined,
  { workspace, hold, appliedDays }: Workspace,
  dependencies: ManageDependencies,
): Promise<void> {
  const hasOtherDays = before !== undefined && before.appliedDays !== appliedDays;
  if (before?.hold === hold && !hasOtherDays) return;
  await askForPurge(workspace, dependencies);
}

/** The daily purge makes up for a task that is lost. */
async function askForPurge(workspace: string, { purgeTasks, log }: ManageDependencies): Promise<void> {
  try {
    await purgeTasks.add([workspace]);
  } catch (error) {
    log.error("purge.unplanned", { workspace }, error);
  }
}

function present(row: Workspace, plans: Plans): EntitlementAnswer {
  const entitlement = entitlementOf(row, plans);
  return {
    workspace: row.workspace,
    plan: row.plan,
    retentionDays: daysInForce(row, plans),
    forwarding: entitlement?.forwarding ?? false,
    maxDestinations: entitlement?.maxDestinations ?? 0,
    hold: row.hold ?? null,
    endedAt: row.endedAt ?? null,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
