import type { Destination } from "../core/destination/destination.ts";
import { type Entitlement, entitlementOf, type Workspace } from "../core/workspace/entitlement.ts";
import type { Lane } from "../core/lane/state.ts";
import { LIVE_LANE } from "../core/base/table-schema.ts";
import { type Problem, problems } from "../core/base/problem.ts";
import { type Call, parameter, refuse } from "./call.ts";
import type { ManageDependencies, ManageSettings } from "./dependencies.ts";

/** Returns the workspace of the call. Refuses if it does not exist or has ended. */
export async function requireWorkspace(
  { workspace }: Call,
  { registry }: ManageDependencies,
): Promise<Workspace> {
  const row = (await registry.readWorkspace(workspace)) ?? refuse(problems.unknownWorkspace());
  return row.endedAt === undefined ? row : refuse(problems.workspaceEnded());
}

/** Returns the destination of the call. Refuses if the workspace does not have it. */
export async function requireDestination(call: Call, { registry }: ManageDependencies): Promise<Destination> {
  const id = parameter(call, "dst");
  return (await registry.readDestination(call.workspace, id)) ?? refuse(problems.notFound("destination"));
}

/** Returns the live lane, which exists as long as its destination. */
export async function requireLiveLane(
  { workspace, destination }: Destination,
  { registry }: ManageDependencies,
): Promise<Lane> {
  const lane = await registry.readLane(workspace, destination, LIVE_LANE);
  return lane ?? refuse(problems.notFound("destination"));
}

/** Refuses to start something for a disabled destination. A replay that was already running is paused. */
export async function requireEnabled(row: Destination, dependencies: ManageDependencies): Promise<void> {
  const { status } = await requireLiveLane(row, dependencies);
  if (status.kind === "disabled") refuse(destinationDisabled());
}

export function destinationDisabled(): Problem {
  return {
    kind: "destination-disabled",
    title: "The destination is disabled",
    status: 409,
    detail: "Enable it first: POST …/enable. It resumes where it stopped unless you choose another start.",
  };
}

/** Returns the entitlement. Refuses if it does not include forwarding. */
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

/** The problem for a change that kept conflicting with others, although it was retried. */
export function contended(): Problem {
  return {
    kind: "changed-meanwhile",
    title: "Something else changed it at the same time",
    status: 409,
    detail: "Nothing was changed. Read it again and repeat the request if it still applies.",
  };
}

/** How often a change that conflicts with another is tried. */
export const CHANGE_TRIES = 5;
