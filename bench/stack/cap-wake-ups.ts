import type { Template } from "@trailcast/local-stack";

/** Maximum number of concurrent deliveries for the wake-ups of each queue. */
export interface WakeUpCaps {
  quick: number;
  slow: number;
}

/**
 * Returns the template with other concurrency limits. Throws when the event source mappings of the wake-up queues are
 * not found.
 */
export function capWakeUps(template: Template, caps: WakeUpCaps): Template {
  const edited = structuredClone(template);
  const capped = { quick: 0, slow: 0 };
  for (const [id, { Type, Properties }] of Object.entries(edited.Resources)) {
    if (Type !== "AWS::Lambda::EventSourceMapping" || !id.includes("WakeUps")) continue;
    const queue = id.includes("SlowWakeUps") ? "slow" : "quick";
    Properties["ScalingConfig"] = { MaximumConcurrency: caps[queue] };
    capped[queue] += 1;
  }
  if (capped.quick !== 1 || capped.slow !== 1)
    throw new Error(`expected a mapping for each wake-up queue: ${JSON.stringify(capped)}`);
  return edited;
}
