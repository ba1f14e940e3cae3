import { describe, expect, it } from "vitest";
import type { Workspace } from "../../../../lambdas/core/workspace/entitlement.ts";
import {
  type AskedEntitlement,
  isSameEntitlement,
  withEntitlement,
} from "../../../../lambdas/core/retention/change-entitlement.ts";
import { DAY_MS, DEFAULT_RETENTION } from "../../../../lambdas/core/workspace/retention.ts";
import { workspaceRow } from "../../../helpers/in-memory-stores.ts";
import { PLANS } from "../../../helpers/sample-events.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const at = (day: number): string => new Date(NOW + day * DAY_MS).toISOString();
const put = (current: Workspace | undefined, asked: AskedEntitlement, day = 0): Workspace =>
  withEntitlement("ws_1", current, asked, NOW + day * DAY_MS, { plans: PLANS, retention: DEFAULT_RETENTION });

describe("putting an entitlement", () => {
  it("keeps the time at which the workspace was created, and updates that of its last change", () => {
    const created = put(undefined, { plan: "team" });
    expect(created).toMatchObject({ createdAt: at(0), updatedAt: at(0), appliedDays: 30 });
    expect(put(created, { plan: "free" }, 2)).toMatchObject({ createdAt: at(0), updatedAt: at(2) });
  });

  it("keeps the time at which a legal hold was requested until it is lifted", () => {
    const pending = put(undefined, { plan: "team", hold: true });
    expect(pending).toMatchObject({ hold: "pending", heldSince: at(0) });
    const held: Workspace = { ...pending, hold: "held" };
    expect(put(held, { plan: "team", hold: true }, 1)).toMatchObject({ hold: "held", heldSince: at(0) });
    const other = put(held, { plan: "free" }, 1);
    expect(other).toMatchObject({ hold: "held", heldSince: at(0) });
    const lifted = put(held, { plan: "team", hold: false }, 1);
    expect(lifted).not.toHaveProperty("hold");
    expect(lifted).not.toHaveProperty("heldSince");
    expect(put(lifted, { plan: "team", hold: true }, 2)).toMatchObject({ heldSince: at(2) });
  });

  it("revives an ended workspace with its events, or without them once its grace period has passed", () => {
    const ended = workspaceRow("ws_1", { plan: "team", endedAt: at(0) });
    const within = put(ended, { plan: "team" }, DEFAULT_RETENTION.endGraceDays - 1);
    expect(within).not.toHaveProperty("endedAt");
    expect(within.history?.floor).toBeUndefined();
    const after = put(ended, { plan: "team" }, DEFAULT_RETENTION.endGraceDays);
    expect(after.history?.floor).toBe(at(DEFAULT_RETENTION.endGraceDays));
    const held = put({ ...ended, hold: "held" }, { plan: "team" }, DEFAULT_RETENTION.endGraceDays);
    expect(held.history?.floor).toBeUndefined();
  });

  it("starts from the retention in force, even if the settings have a different one meanwhile", () => {
    const current = workspaceRow("ws_1", { plan: "team", appliedDays: 90 });
    expect(put(current, { plan: "team" }).history?.kept).toEqual({ days: 90, until: at(7) });
    const gone = workspaceRow("ws_1", { plan: "gone" });
    expect(put(gone, { plan: "team" }).history).toBeUndefined();
  });
});

describe("an entitlement counts as unchanged", () => {
  const row = workspaceRow("ws_1", { plan: "team", retentionDays: 40, hold: "held" });

  it.each<[string, boolean, AskedEntitlement]>([
    ["with the same plan, retention and legal hold", true, { plan: "team", retentionDays: 40, hold: true }],
    ["if the request leaves out the legal hold", true, { plan: "team", retentionDays: 40 }],
    ["with another plan", false, { plan: "free", retentionDays: 40 }],
    ["with another retention", false, { plan: "team" }],
    ["with another legal hold", false, { plan: "team", retentionDays: 40, hold: false }],
  ])("%s: %s", (_what, same, asked) => {
    expect(isSameEntitlement(row, asked)).toBe(same);
  });

  it("never for a workspace that has ended, because the request revives it", () => {
    expect(isSameEntitlement({ ...row, endedAt: at(0) }, { plan: "team", retentionDays: 40 })).toBe(false);
  });
});
