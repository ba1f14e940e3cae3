import * as z from "zod/mini";
import { MAX_RETENTION_DAYS } from "../workspace/retention.ts";
import { component, described, fields, flag, text, timestamp, whole } from "../base/field.ts";

export const entitlementRequestSchema = component(
  "EntitlementRequest",
  "What a workspace is to be entitled to",
  fields("{ plan, retentionDays?, hold? }", {
    plan: described(
      "One of the deployment's plans",
      text("must be the name of a plan of this deployment", { max: 32 }),
    ),
    retentionDays: described(
      "Instead of the plan's; without it the plan's counts",
      z.optional(whole("days", 1, MAX_RETENTION_DAYS)),
    ),
    hold: described(
      "Legal hold: nothing is removed while it lasts. Left out, it stays as it is, so that nothing lifts it by accident",
      z.optional(flag()),
    ),
  }),
  { plan: "enterprise" },
  { plan: "enterprise", retentionDays: 730, hold: true },
);

export const entitlementSchema = component(
  "Entitlement",
  "What a workspace may do",
  z.object({
    workspace: z.string(),
    plan: z.string(),
    retentionDays: described(
      "Events older than this are never shown, exported or delivered",
      z.nullable(z.int()),
    ),
    forwarding: described("Whether events are delivered to destinations", z.boolean()),
    maxDestinations: z.int(),
    hold: described(
      "`pending` until what is about to expire is safe, then `held`",
      z.nullable(z.enum(["pending", "held"])),
    ),
    endedAt: described("When the workspace was ended, if it was", z.nullable(timestamp())),
    createdAt: timestamp(),
    updatedAt: timestamp(),
  }),
  {
    workspace: "ws_1",
    plan: "enterprise",
    retentionDays: 365,
    forwarding: true,
    maxDestinations: 10,
    hold: null,
    endedAt: null,
    createdAt: "2026-11-23T05:00:00.000Z",
    updatedAt: "2026-11-23T05:00:00.000Z",
  },
);
export type EntitlementAnswer = z.infer<typeof entitlementSchema>;
