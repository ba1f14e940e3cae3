import type { PostedEvent } from "../../lambdas/core/entry/event-schema.ts";
import type { Plans } from "../../lambdas/core/workspace/entitlement.ts";

export const PLANS: Plans = {
  free: { retentionDays: 7, forwarding: false, maxDestinations: 0 },
  team: { retentionDays: 30, forwarding: false, maxDestinations: 0 },
  enterprise: { retentionDays: 365, forwarding: true, maxDestinations: 10 },
};

export function postedEvent(changes: Partial<PostedEvent> = {}): PostedEvent {
  return {
    category: "team_member",
    action: "invited",
    actor: { type: "user", id: "usr_1" },
    target: { type: "user", id: "usr_9" },
    ...changes,
  };
}
