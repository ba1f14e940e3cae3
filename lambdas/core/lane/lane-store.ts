import type { Lane } from "./state.ts";
import type { WakeUp } from "./wake-up.ts";

/** Lane rows, strongly consistent. A write carries the version it read and stores it plus one. */
export interface LaneStore {
  readLane(wakeUp: WakeUp): Promise<Lane | undefined>;
  /** The lanes of a workspace that deliver: live ones and replays under way. */
  lanesOf(workspace: string): Promise<Lane[]>;
  /** Replaces the row if its version is still `lane.version`; answers the row as stored, or `stale`. */
  replaceLane(lane: Lane): Promise<Lane | "stale">;
}

/** Asks lanes to look at the journal. Losing, repeating or reordering a wake-up loses, repeats or reorders no event. */
export interface WakeUpQueue {
  send(wakeUps: readonly WakeUp[]): Promise<void>;
}
