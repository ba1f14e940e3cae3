import { describe, expect, it } from "vitest";
import { windowOf } from "../../../../lambdas/core/reading/reading-window.ts";
import { searchFrom } from "../../../../lambdas/core/journal/find-page-at.ts";
import { workspaceRow } from "../../../helpers/in-memory-stores.ts";

const NOW = Date.parse("2026-11-20T12:00:00.000Z");
const PLANS = { enterprise: { retentionDays: 7, forwarding: true, maxDestinations: 1 } };
const VISIBLE = "2026-11-13T12:00:00.000Z";

describe("the window of a reading", () => {
  const window = (asked: { from?: string; to?: string }) => windowOf(workspaceRow("ws_1"), PLANS, NOW, asked);

  it.each([
    ["no start", undefined, VISIBLE],
    ["a start before what is visible", "2026-11-13T11:59:59.999Z", VISIBLE],
    ["a start within", "2026-11-13T12:00:00.001Z", "2026-11-13T12:00:00.001Z"],
    ["a start in another zone, before", "2026-11-13T13:59:59.999+02:00", VISIBLE],
    ["a start in another zone, within", "2026-11-13T11:00:00-02:00", "2026-11-13T13:00:00.000Z"],
  ])("with %s", (_what, from, since) => {
    expect(window(from === undefined ? {} : { from })).toEqual({ since, until: undefined });
  });

  it("ends where it is asked to, in UTC, visible or not", () => {
    expect(window({ to: "2026-11-15T02:00:00+02:00" }).until).toBe("2026-11-15T00:00:00.000Z");
    expect(window({ to: "2026-11-01T00:00:00Z" })).toEqual({
      since: VISIBLE,
      until: "2026-11-01T00:00:00.000Z",
    });
  });

  it("is looked up a minute later, for posts that passed each other, but not past the last time there is", () => {
    expect(searchFrom(VISIBLE)).toBe("2026-11-13T12:01:00.000Z");
    expect(searchFrom("9999-12-31T23:59:59.999Z")).toBe("9999-12-31T23:59:59.999Z");
  });
});
