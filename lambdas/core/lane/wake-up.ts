import * as z from "zod/mini";
import { isSlow } from "./schedule.ts";
import type { Lane } from "./state.ts";

/** The body of a wake-up message for this lane. `slow` names the queue that it is sent to and received from. */
export const wakeUpSchema = z.object({
  workspace: z.string(),
  destination: z.string(),
  lane: z.string(),
  slow: z.optional(z.boolean()),
});
export type WakeUp = z.infer<typeof wakeUpSchema>;

/** The wake-up of a lane, for the queue that fits the speed of its receiver. */
export function wakeUpOf(lane: Pick<Lane, "workspace" | "destination" | "lane" | "receiver">): WakeUp {
  const { workspace, destination, lane: name } = lane;
  const wakeUp = { workspace, destination, lane: name };
  return isSlow(lane) ? { ...wakeUp, slow: true } : wakeUp;
}
