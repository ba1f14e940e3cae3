import { expect, it } from "vitest";
import { linesOf } from "../../../../lambdas/core/entry/entry-body.ts";
import { createPlanNotice } from "../../../../lambdas/core/retention/plan-notice.ts";
import { createInMemoryEntries, workspaceRow } from "../../../helpers/in-memory-stores.ts";
import { PLANS } from "../../../helpers/sample-events.ts";

const until = "2026-12-01T00:00:00.000Z";
const change = { before: 365, after: 30, history: { kept: { days: 365, until } } };

function startNotice() {
  const entries = createInMemoryEntries();
  const { retentionChanged } = createPlanNotice({
    entries,
    clock: () => Date.parse("2026-11-24T00:00:00.000Z"),
    random: (bytes) => new Uint8Array(bytes),
    settings: {
      eventTypePrefix: "pro.atmos",
      sourceBaseUrl: "https://app.example.com",
      plans: PLANS,
      shards: {},
    },
  });
  return {
    retentionChanged,
    recorded: () => [...entries.entries.values()].flatMap((entry) => linesOf(entry)),
  };
}

it("records once what a plan's changed retention means for the workspace, however often it is called", async () => {
  const { retentionChanged, recorded } = startNotice();
  const row = workspaceRow("ws_1", { version: 3 });
  await retentionChanged(row, change);
  await retentionChanged(row, change);
  expect(recorded().map((line) => JSON.parse(line))).toMatchObject([
    {
      type: "pro.atmos.entitlement.changed",
      data: {
        actor: { type: "system", id: "trailcast.retention" },
        metadata: {
          plan: "enterprise",
          retentionDays: 30,
          hold: null,
          keptUntil: until,
          before: { plan: "enterprise", retentionDays: 365, hold: null },
        },
      },
    },
  ]);
  await retentionChanged({ ...row, version: 9 }, { ...change, before: 30, after: 365 });
  expect(recorded()).toHaveLength(2);
});
