import * as z from "zod";
import { UnknownTemplateError } from "../errors.ts";
import type { Stack } from "../template/stack.ts";
import { DEFAULT_ASYNC_POLICY, type AsyncPolicy } from "./async-invocations.ts";
import type { FunctionSettings } from "./function-settings.ts";
import type { Functions } from "./functions.ts";

export const configSchema = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal("$LATEST"),
  MaximumRetryAttempts: z.coerce.number().default(DEFAULT_ASYNC_POLICY.maxRetries),
  MaximumEventAgeInSeconds: z.coerce.number().default(DEFAULT_ASYNC_POLICY.maxAgeMs / 1000),
  DestinationConfig: z
    .strictObject({ OnFailure: z.strictObject({ Destination: z.string() }).optional() })
    .optional(),
});

interface Destinations {
  /** Throws if the function's role does not allow sending there. */
  require(fn: FunctionSettings, queueArn: string): void;
  send(queueArn: string, body: string): void;
}

function describe(fn: FunctionSettings, event: string, condition: string): string {
  return JSON.stringify({
    version: "1.0",
    requestContext: { functionArn: fn.arn, condition },
    requestPayload: JSON.parse(event),
  });
}

/**
 * The template's settings for asynchronous invocations by function name, with Lambda's defaults for other functions.
 */
export function readAsyncPolicies(
  stack: Stack,
  functions: Pick<Functions, "find">,
  destinations: Destinations,
): (functionName: string) => AsyncPolicy {
  const policies = new Map<string, AsyncPolicy>();
  for (const { where, properties } of stack.resources("AWS::Lambda::EventInvokeConfig", configSchema)) {
    const fn = functions.find(properties.FunctionName);
    if (fn === undefined) throw new UnknownTemplateError(where, `function ${properties.FunctionName}`);
    const queueArn = properties.DestinationConfig?.OnFailure?.Destination;
    if (queueArn !== undefined) destinations.require(fn, queueArn);
    policies.set(fn.name, {
      maxRetries: properties.MaximumRetryAttempts,
      maxAgeMs: properties.MaximumEventAgeInSeconds * 1000,
      giveUp: (event, condition) => {
        if (queueArn !== undefined) destinations.send(queueArn, describe(fn, event, condition));
      },
    });
  }
  return (functionName) => policies.get(functionName) ?? DEFAULT_ASYNC_POLICY;
}
