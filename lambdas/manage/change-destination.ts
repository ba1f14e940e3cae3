import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import { type DestinationChange, REDACTED } from "../core/api/destination-api.ts";
import { destinationOperations } from "../core/api/destination-operations.ts";
import { invalidField } from "../core/base/invalid-field.ts";
import { toTimestamp } from "../core/base/clock.ts";
import type { Destination, DestinationSecret } from "../core/destination/destination.ts";
import type { Workspace } from "../core/workspace/entitlement.ts";
import { type Lane, wakeUpOf } from "../core/lane/lane.ts";
import { DEFAULT_FORMAT } from "../core/formats/known-formats.ts";
import { actorOf, webhookEvent } from "../core/destination/management-event.ts";
import { mergeHeaders } from "../core/destination/merge-headers.ts";
import type { Problem } from "../core/base/problem.ts";
import type { RegistryWrite } from "../core/destination/registry-write.ts";
import { hurryLane } from "../core/lane/order-lane.ts";
import { type Call, readBody, refuse } from "./call.ts";
import { changeSecret } from "./change-secret.ts";
import { AGAIN, recordOf, untilCommitted } from "./commit-change.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { requireDestination, requireLiveLane, requireWorkspace } from "./guards.ts";
import { etagOf, presentDestination } from "./present-destination.ts";
import { requireHeaders, requireTypes, requireUrl } from "./target.ts";

export async function changeDestination(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const asked = readBody(call, destinationOperations.changeDestination.body);
  const workspace = await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  requireMatch(call, row);
  const next = apply(row, asked, dependencies);
  const change: Change = { call, workspace, before: row };
  if (asked.headers !== undefined) await changeWithHeaders(change, next, asked.headers, dependencies);
  else if (!isSame(row, next)) await store(change, next, [], dependencies);
  const stored = await requireDestination(call, dependencies);
  return jsonAnswer(200, await presentDestination(stored, dependencies), etagOf(stored));
}

interface Change {
  call: Call;
  workspace: Workspace;
  before: Destination;
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
    detail: "Nothing was changed. Read it again, and repeat the change with its ETag if it still applies.",
    field: "If-Match",
  };
}

function apply(row: Destination, asked: DestinationChange, dependencies: ManageDependencies): Destination {
  const eventTypes = asked.eventTypes === undefined ? row.eventTypes : [...new Set(asked.eventTypes ?? [])];
  if (asked.eventTypes !== undefined) requireTypes(eventTypes, dependencies.settings);
  const format = asked.format === undefined ? row.format : (asked.format ?? DEFAULT_FORMAT);
  const sameContent = format === row.format && sameTypes(eventTypes, row.eventTypes);
  return {
    ...row,
    name: asked.name ?? row.name,
    url: asked.url === undefined ? row.url : requireUrl(asked.url, dependencies),
    format,
    eventTypes,
    contentVersion: sameContent ? row.contentVersion : row.contentVersion + 1,
    updatedAt: toTimestamp(dependencies.clock()),
  };
}

function sameTypes(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((type) => b.includes(type));
}

function isSame(row: Destination, next: Destination): boolean {
  return row.name === next.name && row.url === next.url && row.contentVersion === next.contentVersion;
}

async function changeWithHeaders(
  change: Change,
  next: Destination,
  asked: DestinationChange["headers"],
  dependencies: ManageDependencies,
): Promise<void> {
  const content = (current: DestinationSecret): DestinationSecret => {
    const merged = mergeHeaders(current.headers, asked ?? null, REDACTED);
    if (!merged.ok) {
      refuse(invalidField(`headers.${merged.name}`, "stands for a value that is not there: send the value"));
    }
    requireHeaders(merged.headers);
    return { ...current, headers: merged.headers };
  };
  const stored = (row: Destination, release: RegistryWrite) => store(change, row, [release], dependencies);
  await changeSecret(next, { content, store: stored }, dependencies);
}

async function store(
  { call, workspace, before }: Change,
  next: Destination,
  others: readonly RegistryWrite[],
  dependencies: ManageDependencies,
): Promise<void> {
  const changed = changedProperties(before, next);
  const event = webhookEvent("updated", actorOf(call.caller.subject), next, { changed });
  const replace: RegistryWrite = { kind: "replace", row: next };
  const lane = await untilCommitted(async () => {
    const current = await requireLiveLane(before, dependencies);
    const result = await dependencies.registry.commit([
      replace,
      recordOf(call, workspace, event, dependencies),
      ...others,
      ...laneWrites(before, next, current),
    ]);
    if (result.kind === "refused" && result.write === replace) refuse(otherVersion());
    return result.kind === "committed" ? current : AGAIN;
  });
  if (isMending(before, next) && isTrying(lane)) await dependencies.wakeUps.send([wakeUpOf(lane)]);
}

/**
 * Deliver reads the lane before the destination: with another filter or format it must not move the lane by the one of before.
 * A lane that waits for its next attempt does not wait on with what has been mended, nor will one whose attempt is under way.
 * What a suspended lane waits for is its owner's notice.
 */
function laneWrites(before: Destination, next: Destination, lane: Lane): RegistryWrite[] {
  const isRecut = next.contentVersion !== before.contentVersion;
  const bumps = isRecut || (isMending(before, next) && isTrying(lane));
  return bumps ? [{ kind: "replace", row: lane.status === "suspended" ? lane : hurryLane(lane) }] : [];
}

/** Whether the next attempt may end otherwise: a receiver that asked for time is not hurried by a new name. */
function isMending(before: Destination, next: Destination): boolean {
  return changedProperties(before, next).some((property) => property !== "name");
}

function isTrying({ status, nextAttemptAt, frozen }: Lane): boolean {
  return status === "live" && (nextAttemptAt !== undefined || frozen !== undefined);
}

function changedProperties(before: Destination, next: Destination): string[] {
  return [
    ...(before.name === next.name ? [] : ["name"]),
    ...(before.url === next.url ? [] : ["url"]),
    ...(before.format === next.format ? [] : ["format"]),
    ...(sameTypes(before.eventTypes, next.eventTypes) ? [] : ["eventTypes"]),
    ...(before.secretVersion === next.secretVersion ? [] : ["headers"]),
  ];
}
