import * as z from "zod/mini";

export const planSchema = z.object({
  retentionDays: z.number(),
  forwarding: z.boolean(),
  maxDestinations: z.number(),
});
export const plansSchema = z.record(z.string(), planSchema);
export type Plan = z.infer<typeof planSchema>;
/** The plans of a deployment by name. */
export type Plans = z.infer<typeof plansSchema>;

/** How long entries stay in the table, and since when: the part of a workspace's row that retention keeps. */
export const retentionHistorySchema = z.object({
  /** A plan that shrank: its old days still keep entries until then (a timestamp). */
  kept: z.optional(z.object({ days: z.number(), until: z.string() })),
  /** What was recorded before this had expired when a plan grew, and stays expired. */
  floor: z.optional(z.string()),
  /** The shortest retention before a plan grew: entries of that time carry an expiry that is too early. */
  shortestDays: z.optional(z.number()),
});
export type RetentionHistory = z.infer<typeof retentionHistorySchema>;

/** A workspace's row: it exists once its entitlement was put. `retentionDays` overrides the plan's. */
export const workspaceSchema = z.object({
  workspace: z.string(),
  item: z.literal("workspace"),
  plan: z.string(),
  retentionDays: z.optional(z.number()),
  /** `pending` until what is about to expire is safe, then `held`. */
  hold: z.optional(z.enum(["pending", "held"])),
  /** When the hold was put. */
  heldSince: z.optional(z.string()),
  history: z.optional(retentionHistorySchema),
  /** The retention in force, which `history` knows of: another value in the settings waits for the purge that applies it. */
  appliedDays: z.optional(z.number()),
  /** Set by `DELETE …/entitlement`: when the workspace ended. */
  endedAt: z.optional(z.string()),
  version: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Workspace = z.infer<typeof workspaceSchema>;

/** What a workspace may do now; how long it keeps events is `daysInForce`. */
export interface Entitlement {
  plan: string;
  forwarding: boolean;
  maxDestinations: number;
}

/** `null` when the plan no longer exists in the deployment's settings or the workspace has ended. */
export function entitlementOf(workspace: Workspace, plans: Plans): Entitlement | null {
  const plan = plans[workspace.plan];
  if (plan === undefined || workspace.endedAt !== undefined) return null;
  const { forwarding, maxDestinations } = plan;
  return { plan: workspace.plan, forwarding, maxDestinations };
}
