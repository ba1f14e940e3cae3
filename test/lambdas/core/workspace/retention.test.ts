import { describe, expect, it } from "vitest";
import type { Workspace } from "../../../../lambdas/core/workspace/entitlement.ts";
import {
  changeRetention,
  DAY_MS,
  DEFAULT_RETENTION,
  expiryOf,
  keptDays,
  recordedDays,
  removableBefore,
  visibleSince,
} from "../../../../lambdas/core/workspace/retention.ts";

const plans = {
  free: { retentionDays: 7, forwarding: false, maxDestinations: 0 },
  team: { retentionDays: 30, forwarding: false, maxDestinations: 0 },
};
const start = Date.parse("2026-01-01T00:00:00.000Z");
const at = (day: number): number => start + day * DAY_MS;
const timestamp = (day: number): string => new Date(at(day)).toISOString();
const workspaceOn = (plan: string, parts: Partial<Workspace> = {}): Workspace => ({
  workspace: "ws_1",
  item: "workspace",
  plan,
  version: 1,
  createdAt: timestamp(0),
  updatedAt: timestamp(0),
  ...parts,
});

describe("the window of a workspace", () => {
  it("shows and keeps as many days as its plan says", () => {
    expect(visibleSince(workspaceOn("team"), plans, at(100))).toBe(timestamp(70));
    expect(removableBefore(workspaceOn("team"), plans, at(100), DEFAULT_RETENTION)).toBe(timestamp(70));
  });

  it("uses the workspace's own retention instead of its plan's, if there is one", () => {
    expect(visibleSince(workspaceOn("free", { retentionDays: 50 }), plans, at(100))).toBe(timestamp(50));
  });

  it("uses the retention applied last until a purge has applied the one in the settings", () => {
    for (const [plan, appliedDays] of [
      ["free", 30],
      ["team", 7],
    ] as const) {
      const waiting = workspaceOn(plan, { appliedDays });
      expect(visibleSince(waiting, plans, at(100))).toBe(timestamp(100 - appliedDays));
      expect(keptDays(waiting, plans, at(100))).toBe(appliedDays);
    }
    expect(keptDays(workspaceOn("gone", { appliedDays: 7 }), plans, at(100))).toBeNull();
  });

  it("hides at once what a shorter retention leaves out, and keeps it for the grace period", () => {
    const history = changeRetention(workspaceOn("team"), 30, 7, at(100), DEFAULT_RETENTION);
    const shrunk = workspaceOn("free", { history });
    expect(visibleSince(shrunk, plans, at(100))).toBe(timestamp(93));
    expect(keptDays(shrunk, plans, at(106))).toBe(30);
    expect(removableBefore(shrunk, plans, at(106), DEFAULT_RETENTION)).toBe(timestamp(76));
    expect(removableBefore(shrunk, plans, at(107), DEFAULT_RETENTION)).toBe(timestamp(100));
  });

  it("restarts the grace period of everything hidden when the retention shrinks again within it", () => {
    const shrunk = workspaceOn("team", {
      history: changeRetention(workspaceOn("team"), 90, 30, at(100), DEFAULT_RETENTION),
    });
    const { kept } = changeRetention(shrunk, 30, 7, at(105), DEFAULT_RETENTION);
    expect(kept).toEqual({ days: 90, until: timestamp(112) });
  });

  it("shows everything again when the longer retention returns within the grace period", () => {
    const shrunk = workspaceOn("free", {
      history: changeRetention(workspaceOn("team"), 30, 7, at(100), DEFAULT_RETENTION),
    });
    const history = changeRetention(shrunk, 7, 30, at(103), DEFAULT_RETENTION);
    expect(visibleSince(workspaceOn("team", { history }), plans, at(103))).toBe(timestamp(73 + 1 / 24));
  });

  it("never shows events again that had expired before the retention grew", () => {
    const history = changeRetention(workspaceOn("free"), 7, 30, at(100), DEFAULT_RETENTION);
    const grown = workspaceOn("team", { history });
    expect(visibleSince(grown, plans, at(100))).toBe(timestamp(93 + 1 / 24));
    expect(visibleSince(grown, plans, at(110))).toBe(timestamp(93 + 1 / 24));
    expect(visibleSince(grown, plans, at(130))).toBe(timestamp(100));
    expect(history.shortestDays).toBe(7);
  });

  it("never shows events again that had expired, however often the retention changes afterwards", () => {
    let history = changeRetention(workspaceOn("free"), 7, 30, at(100), DEFAULT_RETENTION);
    history = changeRetention(workspaceOn("team", { history }), 30, 7, at(101), DEFAULT_RETENTION);
    history = changeRetention(workspaceOn("free", { history }), 7, 30, at(102), DEFAULT_RETENTION);
    expect(visibleSince(workspaceOn("team", { history }), plans, at(102))).toBe(timestamp(93 + 1 / 24));
  });

  it("remembers the shortest retention under which an entry that is still stored may have been recorded", () => {
    let history = changeRetention(workspaceOn("free"), 7, 30, at(100), DEFAULT_RETENTION);
    history = changeRetention(workspaceOn("team", { history }), 30, 90, at(110), DEFAULT_RETENTION);
    expect(history.shortestDays).toBe(7);
    history = changeRetention(workspaceOn("team", { history }), 90, 30, at(120), DEFAULT_RETENTION);
    expect(history.shortestDays).toBe(7);
  });

  it("is not extended by a former retention whose grace period has ended", () => {
    const history = changeRetention(workspaceOn("team"), 90, 30, at(100), DEFAULT_RETENTION);
    const shrunk = workspaceOn("team", { history });
    const keptAfter = (day: number) => changeRetention(shrunk, 30, 7, at(day), DEFAULT_RETENTION).kept;
    expect(keptAfter(106)).toEqual({ days: 90, until: timestamp(113) });
    expect(keptAfter(107)).toEqual({ days: 30, until: timestamp(114) });
  });

  it("removes nothing under a legal hold, but hides what has expired", () => {
    const held = workspaceOn("free", { hold: "pending" });
    expect(removableBefore(held, plans, at(100), DEFAULT_RETENTION)).toBeNull();
    expect(visibleSince(held, plans, at(100))).toBe(timestamp(93));
  });

  it("is empty once the workspace has ended, and what it held is removed after the grace period", () => {
    const ended = workspaceOn("team", { endedAt: timestamp(100) });
    expect(visibleSince(ended, plans, at(100))).toBe(timestamp(100));
    expect(removableBefore(ended, plans, at(129), DEFAULT_RETENTION)).toBe(timestamp(70));
    expect(removableBefore(ended, plans, at(130), DEFAULT_RETENTION)).toBe(timestamp(130));
  });

  it("leaves out what had expired at the end of the workspace if it is revived with a longer retention", () => {
    const ended = workspaceOn("free", { endedAt: timestamp(100) });
    const history = changeRetention(ended, 7, 30, at(120), DEFAULT_RETENTION);
    expect(history.floor).toBe(timestamp(93 + 1 / 24));
  });

  it("keeps everything if the settings no longer contain the plan", () => {
    expect(removableBefore(workspaceOn("gone"), plans, at(100), DEFAULT_RETENTION)).toBeNull();
    expect(visibleSince(workspaceOn("gone"), plans, at(100))).toBe("");
  });
});

describe("an entry that is recorded now", () => {
  it("is kept as long as its plan says, but at least for two days", () => {
    expect(recordedDays(workspaceOn("team"), plans, at(100))).toBe(30);
    const days = [1, 2, 3].map((retentionDays) =>
      recordedDays(workspaceOn("team", { retentionDays }), plans, at(100)),
    );
    expect(days).toEqual([2, 2, 3]);
  });

  it("never expires under a legal hold or if the settings no longer contain the plan", () => {
    expect(recordedDays(workspaceOn("team", { hold: "held" }), plans, at(100))).toBeNull();
    expect(recordedDays(workspaceOn("gone"), plans, at(100))).toBeNull();
  });

  it("is kept as long as earlier entries during the grace period of a shorter retention", () => {
    const history = changeRetention(workspaceOn("team"), 30, 7, at(100), DEFAULT_RETENTION);
    const shrunk = workspaceOn("free", { history });
    expect([100, 106, 107].map((day) => recordedDays(shrunk, plans, at(day)))).toEqual([30, 30, 7]);
  });
});

it("an entry's expiry is rounded up, so that TTL never removes it early", () => {
  expect(expiryOf("2026-01-01T00:00:00.001Z", 1)).toBe(at(1) / 1000 + 1);
});
