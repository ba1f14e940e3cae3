import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import type { DestinationChange } from "../core/api/destination-api.ts";
import { destinationOperations } from "../core/api/destination-operations.ts";
import { toTimestamp } from "../core/base/clock.ts";
import type { Destination, DestinationSecret } from "../core/destination/destination.ts";
import type { Workspace } from "../core/workspace/entitlement.ts";
import type { Lane } from "../core/lane/state.ts";
import { wakeUpOf } from "../core/lane/wake-up.ts";
import { actorOf, webhookEvent } from "../core/destination/management-event.ts";
import type { ChangeEffect } from "../core/destination/field-kind.ts";
import {
  auditedSecrets,
  changedFields,
  changeRowValues,
  changeSecretValues,
  effectOf,
  isSecretField,
  keptSecretValues,
  type RowValues,
} from "../core/destination/field-values.ts";
import type { DestinationField } from "../core/destination/destination-fields.ts";
import { type OriginChange, originChange, valuesNotSent } from "../core/destination/origin-change.ts";
import type { Problem } from "../core/base/problem.ts";
import type { RegistryWrite } from "../core/destination/registry-write.ts";
import { rowOf } from "../core/lane/row.ts";
import { transition } from "../core/lane/transition.ts";
import { type Call, readBody, refuse } from "./call.ts";
import { changeSecret } from "./change-secret.ts";
import { AGAIN, recordOf, untilCommitted } from "./commit-change.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { requireDestination, requireLiveLane, requireWorkspace } from "./guards.ts";
import { etagOf, presentDestination } from "./present-destination.ts";

export async function changeDestination(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const asked = readBody(call, destinationOperations.changeDestination.body);
  const workspace = await requireWorkspace(call, dependencies);
  const before = await requireDestination(call, dependencies);
  requireMatch(call, before);
  const values = changeRowValues(before, asked, dependencies);
  const moved = originChange(before.url, values.url);
  const kept = keptSecretValues(before, asked);
  if (moved !== undefined && kept.length > 0) refuse(valuesNotSent(kept));
  const changed = changedFields(before, values, asked);
  if (changed.length > 0) {
    const change: Change = { call, workspace, before, changed, moved, effect: effectOf(changed) };
    const next = changedRow(change, values, dependencies);
    if (changed.some(isSecretField)) await changeWithSecret(change, next, asked, dependencies);
    else await store(change, next, [], dependencies);
  }
  const stored = await requireDestination(call, dependencies);
  return jsonAnswer(200, await presentDestination(stored, dependencies), etagOf(stored));
}

interface Change {
  call: Call;
  workspace: Workspace;
  before: Destination;
  changed: readonly DestinationField[];
  moved: OriginChange | undefined;
  effect: ChangeEffect;
}

function requireMatch({ request }: Call, row: Destination): void {
  const match = request.headers["if-match"];
  if (match === undefined) refuse(missingMatch());
  if (match.trim() !== "*" && match.trim() !== `"${row.version}"`) refuse(otherVersion());
}

function missingMatch(): Problem {
  return {
    kind: "if-match-required",
    title: "The request does not say which version it changes",
    status: 428,
    detail: "Read the destination and send its ETag as If-Match.",
    field: "If-Match",
  };
}

function otherVersion(): Problem {
  return {
    kind: "other-version",
    title: "The destination has another version by now",
    status: 412,
    detail:
      "Nothing was changed. Read it again and repeat the change with its present ETag if it still applies.",
    field: "If-Match",
  };
}

function changedRow(
  { before, effect }: Change,
  values: RowValues,
  { clock }: ManageDependencies,
): Destination {
  return {
    ...before,
    ...values,
    contentVersion: effect === "supersede" ? before.contentVersion + 1 : before.contentVersion,
    updatedAt: toTimestamp(clock()),
  };
}

async function changeWithSecret(
  change: Change,
  next: Destination,
  asked: DestinationChange,
  dependencies: ManageDependencies,
): Promise<void> {
  const content = (current: DestinationSecret): DestinationSecret => ({
    ...current,
    ...changeSecretValues(current, asked),
  });
  const stored = (row: Destination, release: RegistryWrite) => store(change, row, [release], dependencies);
  await changeSecret(next, { content, store: stored }, dependencies);
}

async function store(
  { call, workspace, before, changed, moved, effect }: Change,
  next: Destination,
  others: readonly RegistryWrite[],
  dependencies: ManageDependencies,
): Promise<void> {
  const event = webhookEvent("updated", actorOf(call.caller.subject), next, {
    changed,
    ...auditedSecrets(next, changed),
    ...(moved !== undefined && { host: moved }),
  });
  const replace: RegistryWrite = { kind: "replace", row: next };
  const lane = await untilCommitted(async () => {
    const current = await requireLiveLane(before, dependencies);
    const result = await dependencies.registry.commit([
      replace,
      recordOf(call, workspace, event, dependencies),
      ...others,
      ...laneWrites(effect, current),
    ]);
    if (result.kind === "refused" && result.write === replace) refuse(otherVersion());
    return result.kind === "committed" ? current : AGAIN;
  });
  if (effect !== "none" && isTrying(lane)) await dependencies.wakeUps.send([wakeUpOf(lane)]);
}

/**
 * Writes the lane when the change affects it, because deliver reads the lane before the destination: an attempt that
 * used the previous filter or format then fails to move the lane. An attempt that waits or is running is followed by an
 * immediate retry. A suspended lane stays suspended; its scheduled time is that of its owner's notice.
 */
function laneWrites(effect: ChangeEffect, lane: Lane): RegistryWrite[] {
  const bumps = effect === "supersede" || (effect === "retry" && isTrying(lane));
  return bumps ? [{ kind: "replace", row: rowOf(transition(lane, { kind: "destination-changed" })) }] : [];
}

function isTrying({ status, pending }: Lane): boolean {
  return status.kind === "live" && (status.wait !== undefined || pending !== undefined);
}
