import { describe, expect, it } from "vitest";
import { capWakeUps } from "../../../bench/stack/cap-wake-ups.ts";
import type { Template } from "@trailcast/local-stack";

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

describe("a template with other concurrency limits", () => {
  it("has them at the mappings of the two wake-up queues, and nowhere else", () => {
    const given = template({
      DeliveryWakeUps1: mapping(100),
      DeliverySlowWakeUps2: mapping(25),
      Purge3: mapping(5),
    });
    const { Resources } = capWakeUps(given, { quick: 12, slow: 3 });
    expect(Resources).toEqual({
      DeliveryWakeUps1: mapping(12),
      DeliverySlowWakeUps2: mapping(3),
      Purge3: mapping(5),
    });
    expect(given.Resources["DeliveryWakeUps1"]).toEqual(mapping(100));
  });

  it("is refused when these mappings are missing", () => {
    expect(() => capWakeUps(template({ DeliveryWakeUps1: mapping(100) }), { quick: 12, slow: 3 })).toThrow(
      "a mapping for each wake-up queue",
    );
  });
});
