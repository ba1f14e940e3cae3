import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import { destinationOperations } from "../core/api/destination-operations.ts";
import { toTimestamp } from "../core/base/clock.ts";
import type { Destination } from "../core/destination/destination.ts";
import {
  acceptRowValues,
  acceptSecretValues,
  auditedValues,
  type RowFields,
  tracesOf,
} from "../core/destination/field-values.ts";
import type { Entitlement, Workspace } from "../core/workspace/entitlement.ts";
import { newId } from "../core/base/ids.ts";
import { LIVE_LANE, registryItem } from "../core/base/table-schema.ts";
import { actorOf, webhookEvent } from "../core/destination/management-event.ts";
import { type Problem, RefusedError } from "../core/base/problem.ts";
import { DESTINATION_COUNT, type RegistryWrite } from "../core/destination/registry-write.ts";
import { firstSecretVersion, newSigningSecret, secretNameOf } from "../core/destination/secret-store.ts";
import { placeNow } from "../core/lane/place-in-journal.ts";
import { rowOf } from "../core/lane/row.ts";
import { NEW_LIVE_ROLE, newLane } from "../core/lane/state.ts";
import { finishRemoval, type Unfinished, unfinishedItem } from "../core/destination/unfinished.ts";
import { type Call, readBody, refuse } from "./call.ts";
import { AGAIN, recordOf, untilCommitted } from "./commit-change.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { contended, requireForwarding, requireWorkspace } from "./guards.ts";
import { etagOf, presentCreated } from "./present-destination.ts";
import { cleanUpOrphans } from "./clean-up-orphans.ts";

export async function createDestination(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const asked = readBody(call, destinationOperations.createDestination.body);
  requireForwarding(await requireWorkspace(call, dependencies), dependencies.settings);
  const values = acceptRowValues(asked, dependencies);
  const writeOnly = acceptSecretValues(asked);
  await cleanUpOrphans(call.workspace, dependencies);
  const row = newDestination(call.workspace, { ...values, ...tracesOf(writeOnly) }, dependencies);
  const secret = newSigningSecret(dependencies.random);
  const unfinished = await announce(row, dependencies);
  await dependencies.secrets.createSecret(row.secretName, row.secretVersion, {
    current: secret,
    former: [],
    ...writeOnly,
  });
  try {
    await store(call, row, asked.enabled, dependencies);
  } catch (error) {
    // After any other failure the destination may exist or may still be created. The next request removes what is
    // incomplete.
    if (error instanceof RefusedError) await finishRemoval(unfinished, dependencies);
    throw error;
  }
  await wakeUp(row, dependencies);
  const answer = { ...presentCreated(row, asked.enabled ? "live" : "disabled"), secret };
  return jsonAnswer(201, answer, { ...etagOf(row), location: `${call.request.path}/${row.destination}` });
}

function newDestination(
  workspace: string,
  fields: RowFields,
  { clock, random, settings }: ManageDependencies,
): Destination {
  const now = clock();
  const destination = newId("dst_", now, random);
  return {
    workspace,
    item: registryItem.destination(destination),
    destination,
    ...fields,
    secretName: secretNameOf(settings.secretPrefix, workspace, destination),
    secretVersion: firstSecretVersion(destination),
    version: 1,
    contentVersion: 1,
    createdAt: toTimestamp(now),
    updatedAt: toTimestamp(now),
  };
}

/**
 * Stores a row that leads to the secret before the secret is created, so that it can be removed if this request
 * crashes.
 */
async function announce(row: Destination, { registry }: ManageDependencies): Promise<Unfinished> {
  const unfinished: Unfinished = {
    workspace: row.workspace,
    item: unfinishedItem(row.destination),
    destination: row.destination,
    state: "creating",
    secretName: row.secretName,
    version: 1,
    since: row.createdAt,
  };
  const result = await registry.commit([{ kind: "create", row: unfinished }]);
  return result.kind === "committed" ? unfinished : refuse(contended());
}

/**
 * Stores rows, counter and audit event in one transaction. Reads the entitlement again when it was changed in the
 * meantime.
 */
async function store(
  call: Call,
  row: Destination,
  enabled: boolean,
  dependencies: ManageDependencies,
): Promise<void> {
  await untilCommitted(async () => {
    const workspace = await requireWorkspace(call, dependencies);
    const entitlement = requireForwarding(workspace, dependencies.settings);
    const writes = await writesOf(call, row, enabled, { workspace, entitlement }, dependencies);
    const result = await dependencies.registry.commit(writes);
    if (result.kind === "refused" && result.write.kind === "count") refuse(tooMany(entitlement));
    return result.kind === "committed" ? undefined : AGAIN;
  });
}

async function writesOf(
  call: Call,
  row: Destination,
  enabled: boolean,
  allowed: { workspace: Workspace; entitlement: Entitlement },
  dependencies: ManageDependencies,
): Promise<[RegistryWrite, ...RegistryWrite[]]> {
  const { workspace } = call;
  const event = webhookEvent("created", actorOf(call.caller.subject), row, {
    ...auditedValues(row),
    enabled,
  });
  // Read before the lane is written, so that the lane gets every event that is journalled from here on.
  const cursor = await placeNow(workspace, dependencies.journal);
  const start = { ...row, lane: LIVE_LANE, cursor };
  const lane = newLane(start, NEW_LIVE_ROLE, enabled ? "live" : "disabled");
  return [
    {
      kind: "require",
      key: { workspace, item: registryItem.workspace },
      version: allowed.workspace.version,
    },
    {
      kind: "count",
      key: { workspace, item: DESTINATION_COUNT },
      by: 1,
      atMost: allowed.entitlement.maxDestinations,
    },
    { kind: "create", row },
    { kind: "create", row: rowOf(lane) },
    { kind: "remove", key: { workspace, item: unfinishedItem(row.destination) }, version: 1 },
    recordOf(call, allowed.workspace, event, dependencies),
  ];
}

function tooMany({ plan, maxDestinations }: Entitlement): Problem {
  return {
    kind: "too-many-destinations",
    title: "The workspace has all the destinations of its plan",
    status: 409,
    detail: `Delete one that is not needed, or move to a plan with more than ${plan} has.`,
    limit: `${maxDestinations} destinations`,
    members: { currentPlan: plan },
  };
}

// Sends a wake-up, because an event that was journalled between the read and the write has sent none to this lane.
async function wakeUp(
  { workspace, destination }: Destination,
  { wakeUps, log }: ManageDependencies,
): Promise<void> {
  try {
    await wakeUps.send([{ workspace, destination, lane: LIVE_LANE }]);
  } catch (error) {
    // The sweep finds a lane that is behind within 15 minutes. Failing here would lose the secret.
    log.error("lane.wake-up-failed", { workspace, destination }, error);
  }
}
