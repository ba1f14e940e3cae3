import type { Context, SQSBatchResponse } from "aws-lambda";
import * as z from "zod/mini";
import { connectLanePorts } from "./adapters/connect-lane-ports.ts";
import { createEntryPoint } from "./adapters/entry-point.ts";
import { publishing } from "./adapters/powertools-metrics.ts";
import type { VisibilityExtender } from "./adapters/visibility-extender.ts";
import { type WakeUp, wakeUpSchema } from "./core/lane/lane.ts";
import type { LanePorts } from "./core/lane/lane-ports.ts";
import { type RunEnd, type RunInput, runLane } from "./core/lane/run-lane.ts";
import { sendTestEvent, type TestDiagnosis, type TestPorts } from "./core/delivery/send-test-event.ts";

export interface DeliverDependencies {
  ports: LanePorts & TestPorts;
  visibility: VisibilityExtender;
}

const recordSchema = z.object({
  messageId: z.string(),
  receiptHandle: z.string(),
  body: z.string(),
  attributes: z.object({ ApproximateReceiveCount: z.string(), SentTimestamp: z.optional(z.string()) }),
});
const deliverEventSchema = z.union([
  z.object({ test: z.object({ workspace: z.string(), destination: z.string() }) }),
  z.object({ Records: z.array(recordSchema) }),
]);

/** Kept free for one more attempt (10 s in all) and the writes that follow it. */
const ATTEMPT_MS = 14_000;
/** After a failure of ours a ring comes back sooner than the queue's visibility says, later with each time. */
const BACKOFF_SECONDS = 5;

/** Answers rings by taking their lanes forward; invoked directly, sends a test event. */
export function createDeliverHandler({ ports, visibility }: DeliverDependencies) {
  return async (
    event: unknown,
    context: Pick<Context, "getRemainingTimeInMillis">,
  ): Promise<SQSBatchResponse | TestDiagnosis> => {
    const parsed = deliverEventSchema.parse(event);
    if ("test" in parsed) return sendTestEvent(parsed.test, ports);
    const hasTime = (): boolean => context.getRemainingTimeInMillis() > ATTEMPT_MS;
    const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
    for (const { messageId, receiptHandle, body, attributes } of parsed.Records) {
      const wakeUp = wakeUpSchema.parse(JSON.parse(body));
      const end = await answer({ wakeUp, ...countsOf(attributes), hasTime }, ports);
      if (end.kind === "done") continue;
      batchItemFailures.push({ itemIdentifier: messageId });
      await putOff({ wakeUp, receiptHandle, seconds: end.seconds }, visibility, ports);
    }
    return { batchItemFailures };
  };
}

function countsOf(
  attributes: z.infer<typeof recordSchema>["attributes"],
): Pick<RunInput, "receives" | "sentAt"> {
  const { ApproximateReceiveCount, SentTimestamp } = attributes;
  const sentAt = SentTimestamp === undefined ? undefined : Number(SentTimestamp);
  return { receives: Number(ApproximateReceiveCount), sentAt };
}

async function answer(input: RunInput, ports: LanePorts): Promise<RunEnd> {
  const { wakeUp, receives } = input;
  try {
    return await runLane(input, ports);
  } catch (error) {
    const { workspace, destination, lane } = wakeUp;
    ports.log.error("lane.failed", { workspace, destination, lane, attempt: receives }, error);
    return { kind: "hold", seconds: BACKOFF_SECONDS * receives };
  }
}

// A ring that cannot be put off comes back when the queue's own visibility is over.
async function putOff(
  { wakeUp, receiptHandle, seconds }: { wakeUp: WakeUp; receiptHandle: string; seconds: number },
  visibility: VisibilityExtender,
  { log }: LanePorts,
): Promise<void> {
  const { workspace, destination, lane, slow } = wakeUp;
  try {
    await visibility.extend({ receiptHandle, isSlow: slow === true }, seconds);
  } catch (error) {
    log.error("wake-up.not-postponed", { workspace, destination, lane, delaySeconds: seconds }, error);
  }
}

export const handler = createEntryPoint((environment) => {
  const { metrics, ...dependencies } = connectLanePorts(environment);
  return publishing(metrics, createDeliverHandler(dependencies));
});
