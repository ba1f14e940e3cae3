import { expect, it } from "vitest";
import { type DeliverySpan, deliveryOf } from "../../../../lambdas/core/reading/event-delivery.ts";
import type { LaneRow } from "../../../../lambdas/core/lane/row-schema.ts";
import { factsOf } from "../../../helpers/lane-rows.ts";

const NOW = Date.parse("2026-11-23T05:00:00.000Z");
const LANE: LaneRow = {
  workspace: "ws_1",
  item: "lane#dst_1#live",
  destination: "dst_1",
  lane: "live",
  status: "live",
  version: 1,
  cursor: { page: 3, index: 0 },
  number: 1,
  previousId: "-",
  attempts: 0,
  consecutiveFailures: 0,
  createdAt: "2026-11-23T00:00:00.000Z",
  frozen: {
    id: "whd_1",
    number: 1,
    frozenAt: "2026-11-23T04:59:59.000Z",
    format: "cloudevents-batch",
    contentVersion: 7,
    end: { page: 4, index: 0 },
    count: 1,
    check: "",
  },
};
const DESTINATION = { destination: "dst_1", eventTypes: ["pro.atmos.billing.*"] };
const EVENT = { place: { page: 3, index: 1 }, recordedAt: "", line: "{}" };

it("a delivery's row in the log says by which filter the delivery was selected", () => {
  const facts = factsOf(LANE, 30, NOW);
  const span = { ...facts, outcome: "delivered" } as DeliverySpan;
  const held = (type: string, contentVersion: number) =>
    deliveryOf(
      { ...EVENT, type },
      span,
      { ...DESTINATION, contentVersion },
      { eventTypePrefix: "pro.atmos", now: NOW },
    );
  expect(held("pro.atmos.billing.paid", 7)).toMatchObject({ id: "whd_1", certain: true });
  expect(held("pro.atmos.team_member.invited", 7)).toBeUndefined();
  expect(held("pro.atmos.team_member.invited", 8)).toMatchObject({ id: "whd_1", certain: false });
});

it("a replay's row in the log says which times of record it covered", () => {
  const [from, to] = ["2026-11-23T01:00:00.000Z", "2026-11-23T02:00:00.000Z"];
  const facts = factsOf(
    { ...LANE, lane: "rpl_1", until: { page: 9, index: 0 }, recorded: { from, to } },
    30,
    NOW,
  );
  const held = (recordedAt: string) =>
    deliveryOf(
      { ...EVENT, recordedAt, type: "pro.atmos.billing.paid" },
      { ...facts, outcome: "delivered" } as DeliverySpan,
      { ...DESTINATION, contentVersion: 7 },
      { eventTypePrefix: "pro.atmos", now: NOW },
    );
  expect(held(from)).toMatchObject({ id: "whd_1", certain: true });
  expect(held("2026-11-23T01:59:59.999Z")).toMatchObject({ id: "whd_1" });
  expect(held("2026-11-23T00:59:59.999Z")).toBeUndefined();
  expect(held(to)).toBeUndefined();
});
