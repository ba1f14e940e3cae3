import type { Destination } from "../core/destination/destination.ts";
import { type Entitlement, entitlementOf, type Workspace } from "../core/workspace/entitlement.ts";
import type { Lane } from "../core/lane/state.ts";
import { LIVE_LANE } from "../core/base/table-schema.ts";
import { type Problem, problems } from "../core/base/problem.ts";
import { type Call, parameter, refuse } from "./call.ts";
import type { ManageDependencies, ManageSettings } from "./dependencies.ts";

/** The workspace of the call, if it exists and has not ended. */
export async function requireWorkspace(
  { workspace }: Call,
  { registry }: ManageDependencies,
): Promise<Workspace> {
  const row = (await registry.readWorkspace(workspace)) ?? refuse(problems.unknownWorkspace());
  return row.endedAt === undefined ? row : refuse(problems.workspaceEnded());
}

/** The destination of the call: one of the workspace, or there is none. */
export async function requireDestination(call: Call, { registry }: ManageDependencies): Promise<Destination> {
  const id = parameter(call, "dst");
  return (await registry.readDestination(call.workspace, id)) ?? refuse(problems.notFound("destination"));
}

/** The live lane: it is there as long as its destination is. */
export async function requireLiveLane(
  { workspace, destination }: Destination,
  { registry }: ManageDependencies,
): Promise<Lane> {
  const lane = await registry.readLane(workspace, destination, LIVE_LANE);
  return lane ?? refuse(problems.notFound("destination"));
}

/** Nothing new is begun for a destination that is disabled; a replay that is under way stands still. */
export async function requireEnabled(row: Destination, dependencies: ManageDependencies): Promise<void> {
  const { status } = await requireLiveLane(row, dependencies);
  if (status.kind === "disabled") refuse(destinationDisabled());
}

export function destinationDisabled(): Problem {
  return {
    kind: "destination-disabled",
    title: "The destination is disabled",
    status: 409,
    detail: "Enable it first: POST …/enable. It goes on with what it was delivering unless you move it.",
  };
}

/** What the workspace may do, if forwarding is part of it. */
export function requireForwarding(workspace: Workspace, settings: ManageSettings): Entitlement {
  const entitlement = entitlementOf(workspace, settings.plans);
  return entitlement?.forwarding === true ? entitlement : refuse(noForwarding(workspace.plan, settings));
}

function noForwarding(plan: string, { plans, upgradeUrl }: ManageSettings): Problem {
  const [better] = Object.entries(plans).find(([, { forwarding }]) => forwarding) ?? [];
  return {
    kind: "forwarding-not-in-plan",
    title: "The plan of the workspace has no forwarding",
    status: 403,
    detail:
      better === undefined
        ? "No plan of this deployment has forwarding."
        : `Forwarding is part of the plan ${better}.${upgradeUrl === undefined ? "" : ` Upgrade at ${upgradeUrl}`}`,
    members: {
      currentPlan: plan,
      ...(better !== undefined && { plan: better }),
      ...(upgradeUrl !== undefined && { upgradeUrl }),
    },
  };
}

/** Another change of the same rows came in between, and again after looking anew. */
export function contended(): Problem {
  return {
    kind: "changed-meanwhile",
    title: "Something else changed it at the same time",
    status: 409,
    detail: "Nothing was changed. Read it again, and repeat the request if it still applies.",
  };
}

/** How often a change looks anew after another one came in between. */
export const CHANGE_TRIES = 5;
