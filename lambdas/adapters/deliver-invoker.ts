import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { type TestResult, testResultSchema } from "../core/api/delivery-api.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";
import type { Patience } from "./aws-clients.ts";

/** Thrown when the delivery function failed or was throttled before it could report the result of the test event. */
export class TestNotRunError extends TrailcastError {
  override name = "TestNotRunError";
  constructor() {
    super("The delivery function did not run the test event");
  }
}

/** Sends a test event in the same way as a real delivery. */
export interface DeliveryTester {
  test(workspace: string, destination: string): Promise<TestResult>;
}

/**
 * A single attempt, because a repeat would send a second test event. A delivery takes up to 10 s, and API Gateway times
 * out at 29 s.
 */
export const TEST_EVENT_PATIENCE: Patience = { attempts: 1, answerMs: 27_000 };

export function createDeliveryTester(client: LambdaClient, functionName: string): DeliveryTester {
  return {
    async test(workspace, destination) {
      const { Payload, FunctionError } = await client.send(
        new InvokeCommand({
          FunctionName: functionName,
          Payload: JSON.stringify({ test: { workspace, destination } }),
        }),
      );
      if (FunctionError !== undefined || Payload === undefined) throw new TestNotRunError();
      return testResultSchema.parse(JSON.parse(Buffer.from(Payload).toString()));
    },
  };
}
