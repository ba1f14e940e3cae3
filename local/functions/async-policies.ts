import * as z from "zod";
import type { Stack } from "../template/stack.ts";
import type { AsyncPolicy } from "./async-invocations.ts";
import { DEFAULT_ASYNC_POLICY } from "./async-invocations.ts";
import type { Functions } from "./functions.ts";

const configSchema = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal("$LATEST"),
  MaximumRetryAttempts: z.coerce.number().default(2),
  MaximumEventAgeInSeconds: z.coerce.number().default(DEFAULT_ASYNC_POLICY.maxAgeMs / 1000),
  DestinationConfig: z
    .strictObject({ OnFailure: z.strictObject({ Destination: z.string() }).optional() })
    .optional(),
});

/** A policy with the queue, if any, that takes what a function gave up. */
export type ConfiguredPolicy = AsyncPolicy & { functionId: string; onFailure: string | undefined };

/** What the template says of a function's unattended events, by the function's name. */
export function readAsyncPolicies(
  stack: Stack,
  functions: Pick<Functions, "find">,
): Map<string, ConfiguredPolicy> {
  const policies = new Map<string, ConfiguredPolicy>();
  for (const { properties } of stack.resources("AWS::Lambda::EventInvokeConfig", configSchema)) {
    const fn = functions.find(properties.FunctionName);
    if (fn === undefined) continue;
    policies.set(fn.name, {
      functionId: fn.logicalId,
      maxRetries: properties.MaximumRetryAttempts,
      maxAgeMs: properties.MaximumEventAgeInSeconds * 1000,
      onFailure: properties.DestinationConfig?.OnFailure?.Destination,
    });
  }
  return policies;
}
