import { expect, it } from "vitest";
import { laneOfItem, registryItem } from "../../../../lambdas/core/base/table-schema.ts";

it("a lane's destination and name can be read from its key", () => {
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
])("%s is not the key of a lane", (item) => {
  expect(laneOfItem(item)).toBeUndefined();
});
