import { expect, it } from "vitest";
import { laneOfItem, registryItem } from "../../../../lambdas/core/base/table-schema.ts";

it("a lane is found again by its key", () => {
  expect(laneOfItem(registryItem.lane("dst_1", "live"))).toEqual({ destination: "dst_1", lane: "live" });
});

it.each([
  "workspace",
  "destination#dst_1",
  "lane#dst_1",
  "lane#dst_1#",
  "lane##live",
  "lane#dst_1#a#b",
  "xlane#a#b",
])("%s is the key of no lane", (item) => {
  expect(laneOfItem(item)).toBeUndefined();
});
