import { LIVE_LANE } from "../../lambdas/core/base/table-schema.ts";
import type { DeliveryNote } from "../../lambdas/core/delivery/delivery-record.ts";
import type { Position } from "../../lambdas/core/journal/page.ts";
import { factsOfPending } from "../../lambdas/core/lane/delivery-facts.ts";
import type { LaneEvent } from "../../lambdas/core/lane/lane-event.ts";
import { laneSchema, rowOf } from "../../lambdas/core/lane/row.ts";
import type { LaneRow } from "../../lambdas/core/lane/row-schema.ts";
import {
  type Lane,
  type LaneStart,
  NEW_LIVE_ROLE,
  newLane,
  type ReplayRole,
} from "../../lambdas/core/lane/state.ts";
import { transition } from "../../lambdas/core/lane/transition.ts";

/** What a lane's row says. */
export function laneOf(row: LaneRow): Lane {
  return laneSchema.parse(row);
}

/** The change of a lane's row by an event. */
export function by(event: LaneEvent): (row: LaneRow) => LaneRow {
  return (row) => rowOf(transition(laneOf(row), event));
}

/** What owners do. */
export const enable = by({ kind: "enabled" });
export const disable = by({ kind: "disabled" });
export const retry = by({ kind: "retry-requested" });
export const skip = by({ kind: "skip-requested" });
export const moveTo = (to: Position): ((row: LaneRow) => LaneRow) => by({ kind: "moved", to });

/** The row of a new lane at `cursor`: the live one, or a replay up to `until`. */
export function newLaneRow({
  until,
  recorded,
  eventsPerSecond,
  createdAt = "",
  ...start
}: Omit<LaneStart, "createdAt"> &
  Partial<Omit<ReplayRole, "kind">> & { createdAt?: string; status?: "live" }): LaneRow {
  const isLive = start.lane === LIVE_LANE || until === undefined;
  const role = isLive ? NEW_LIVE_ROLE : ({ kind: "replay", until, recorded, eventsPerSecond } as const);
  return rowOf(newLane({ ...start, createdAt }, role));
}

/** What the log says of a lane's pending batch. */
export function factsOf(row: LaneRow, logDays: number, now: number): DeliveryNote["facts"] {
  const lane = laneOf(row);
  if (lane.pending === undefined) throw new Error("nothing pending");
  return factsOfPending(lane, lane.pending, logDays, now);
}
