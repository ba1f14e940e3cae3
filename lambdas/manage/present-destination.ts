import type { DestinationAnswer } from "../core/api/destination-api.ts";
import type { Destination } from "../core/destination/destination.ts";
import { shownFields } from "../core/destination/field-values.ts";
import type { Lane } from "../core/lane/state.ts";
import { LIVE_LANE } from "../core/base/table-schema.ts";
import { problems } from "../core/base/problem.ts";
import { refuse } from "./call.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { createHealthReader } from "./read-health.ts";

/** Presents a destination as in the API, with its present health. */
export async function presentDestination(
  row: Destination,
  dependencies: ManageDependencies,
  known?: Lane,
): Promise<DestinationAnswer> {
  const lane = known ?? (await dependencies.registry.readLane(row.workspace, row.destination, LIVE_LANE));
  // The destination was deleted between the two reads.
  if (lane === undefined) refuse(problems.notFound("destination"));
  return shape(row, lane, await createHealthReader(row.workspace, dependencies)(lane));
}

/** Presents several destinations of one workspace. One that was just deleted is left out. */
export async function presentDestinations(
  workspace: string,
  rows: readonly Destination[],
  dependencies: ManageDependencies,
): Promise<DestinationAnswer[]> {
  const readHealth = createHealthReader(workspace, dependencies);
  const lanes = await dependencies.registry.listLanes(workspace);
  const shown: DestinationAnswer[] = [];
  for (const row of rows) {
    const lane = lanes.find(
      ({ destination, lane: name }) => destination === row.destination && name === LIVE_LANE,
    );
    if (lane !== undefined) shown.push(shape(row, lane, await readHealth(lane)));
  }
  return shown;
}

/**
 * Presents a destination that was just created. It has delivered nothing, so nothing is read: a failing read would lose
 * the only response that shows the secret.
 */
export function presentCreated(row: Destination, status: "live" | "disabled"): DestinationAnswer {
  return shape(
    row,
    { status: { kind: status } },
    {
      status: status === "live" ? "new" : "disabled",
      lastDelivery: null,
      failingSince: null,
      consecutiveFailures: 0,
      oldestUndeliveredAt: null,
      behindEvents: 0,
    },
  );
}

function shape(
  row: Destination,
  lane: Pick<Lane, "status">,
  health: DestinationAnswer["health"],
): DestinationAnswer {
  return {
    id: row.destination,
    ...shownFields(row),
    enabled: lane.status.kind !== "disabled",
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    health,
  };
}

export function etagOf({ version }: Pick<Destination, "version">): Record<string, string> {
  return { etag: `"${version}"` };
}
