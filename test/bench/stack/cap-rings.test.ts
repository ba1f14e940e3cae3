import { describe, expect, it } from "vitest";
import { capRings } from "../../../bench/stack/cap-rings.ts";
import type { Template } from "../../../packages/local-stack/src/template/template.ts";

const mapping = (cap: number): Template["Resources"][string] => ({
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: { BatchSize: 1, ScalingConfig: { MaximumConcurrency: cap } },
});
const template = (Resources: Template["Resources"]): Template => ({
  Parameters: {},
  Mappings: {},
  Conditions: {},
  Outputs: {},
  Resources,
});

describe("a template with other caps", () => {
  it("has them at the mappings of the two ring queues, and nowhere else", () => {
    const given = template({
      DeliveryRings1: mapping(100),
      DeliverySlowRings2: mapping(25),
      Purge3: mapping(5),
    });
    const { Resources } = capRings(given, { quick: 12, slow: 3 });
    expect(Resources).toEqual({
      DeliveryRings1: mapping(12),
      DeliverySlowRings2: mapping(3),
      Purge3: mapping(5),
    });
    expect(given.Resources["DeliveryRings1"]).toEqual(mapping(100));
  });

  it("is refused when there is no such mapping", () => {
    expect(() => capRings(template({ DeliveryRings1: mapping(100) }), { quick: 12, slow: 3 })).toThrow(
      "a mapping for each ring queue",
    );
  });
});
