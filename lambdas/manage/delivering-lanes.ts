import type { Destination } from "../core/destination/destination.ts";
import { LIVE_LANE } from "../core/base/table-schema.ts";
import { entitlementOf, type Workspace } from "../core/workspace/entitlement.ts";
import type { ManageDependencies } from "./dependencies.ts";

/**
 * Returns which of a destination's lanes make attempts now: none while it is disabled or the plan has no forwarding.
 */
export async function deliveringLanes(
  names: readonly string[],
  workspace: Workspace,
  { destination }: Pick<Destination, "destination">,
  { registry, settings }: ManageDependencies,
): Promise<ReadonlySet<string>> {
  if (names.length === 0 || entitlementOf(workspace, settings.plans)?.forwarding !== true) return new Set();
  const asked = [...new Set([LIVE_LANE, ...names])];
  const lanes = await Promise.all(
    asked.map((name) => registry.readLane(workspace.workspace, destination, name)),
  );
  if (lanes[0]?.status.kind === "disabled") return new Set();
  return new Set(lanes.flatMap((lane) => (lane?.status.kind === "live" ? [lane.lane] : [])));
}
