import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { type TestResult, testResultSchema } from "../core/api/delivery-api.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";
import { createLambdaClient, type Patience } from "./aws-clients.ts";

/** The delivery function failed, or was throttled, before it could say what came of the test event. */
export class TestNotRunError extends TrailcastError {
  override name = "TestNotRunError";
  constructor() {
    super("The delivery function did not run the test event");
  }
}

/** Sends a test event the way of a real delivery. */
export interface DeliveryTester {
  test(workspace: string, destination: string): Promise<TestResult>;
}

/** Once: a repeat would be a second test event. An attempt takes 10 s; the caller has 29 s, which is API Gateway's limit. */
const TEST_EVENT: Patience = { attempts: 1, answerMs: 27_000 };

/** The tester of the function of this name. */
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
