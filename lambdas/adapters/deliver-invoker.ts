import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { type TestResult, testResultSchema } from "../core/api/delivery-api.ts";
import { TrailcastError } from "../core/trailcast-error.ts";

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

export function createLambdaClient(): LambdaClient {
  return new LambdaClient({
    // Once: a repeat would be a second test event.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 27_000, throwOnRequestTimeout: true },
  });
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
