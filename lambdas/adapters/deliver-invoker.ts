import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { type TestResult, testResultSchema } from "../core/api/delivery-api.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";
import { createLambdaClient, type Patience } from "./aws-clients.ts";

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
const TEST_EVENT: Patience = { attempts: 1, answerMs: 27_000 };

/** Tests deliveries with the function of this name. */
export function connectDeliveryTester(functionName: string): DeliveryTester {
  return createDeliveryTester(createLambdaClient(TEST_EVENT), functionName);
}

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
