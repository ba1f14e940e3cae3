import * as z from "zod/mini";

export const planSchema = z.object({
  retentionDays: z.number(),
  forwarding: z.boolean(),
  maxDestinations: z.number(),
});
export const plansSchema = z.record(z.string(), planSchema);
export type Plan = z.infer<typeof planSchema>;
/** The plans of a deployment, by name. */
export type Plans = z.infer<typeof plansSchema>;

/** The history of a workspace's retention that decides how long its older entries stay. */
export const retentionHistorySchema = z.object({
  /**
   * After a change to a plan with less retention: the former number of days, which keeps entries stored until `until`
   * (a timestamp).
   */
  kept: z.optional(z.object({ days: z.number(), until: z.string() })),
  /** Events recorded before this timestamp had expired when the retention grew, and stay expired. */
  floor: z.optional(z.string()),
  /**
   * The shortest retention since the workspace exists. Entries recorded under it carry an expiry that the purge has to
   * extend.
   */
  shortestDays: z.optional(z.number()),
});
export type RetentionHistory = z.infer<typeof retentionHistorySchema>;

/** A workspace's row. It exists as soon as an entitlement was put. `retentionDays` overrides the days of the plan. */
export const workspaceSchema = z.object({
  workspace: z.string(),
  item: z.literal("workspace"),
  plan: z.string(),
  retentionDays: z.optional(z.number()),
  /** A legal hold: `pending` until the purge has extended what would have expired soon, then `held`. */
  hold: z.optional(z.enum(["pending", "held"])),
  /** When the legal hold was requested. */
  heldSince: z.optional(z.string()),
  history: z.optional(retentionHistorySchema),
  /**
   * The retention in force, which `history` covers. If the settings say otherwise, the next purge applies their value.
   */
  appliedDays: z.optional(z.number()),
  /** When the workspace ended: set by `DELETE …/entitlement`. */
  endedAt: z.optional(z.string()),
  version: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Workspace = z.infer<typeof workspaceSchema>;

/** What a workspace may do now. How long it keeps events is `daysInForce`. */
export interface Entitlement {
  plan: string;
  forwarding: boolean;
  maxDestinations: number;
}

/** The entitlement of a workspace; `null` if it has ended or the settings no longer have its plan. */
export function entitlementOf(workspace: Workspace, plans: Plans): Entitlement | null {
  const plan = plans[workspace.plan];
  if (plan === undefined || workspace.endedAt !== undefined) return null;
  const { forwarding, maxDestinations } = plan;
  return { plan: workspace.plan, forwarding, maxDestinations };
}
