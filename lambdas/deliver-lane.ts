import type { Context, SQSBatchResponse } from "aws-lambda";
import * as z from "zod/mini";
import type { PublishedMetrics } from "./adapters/powertools-metrics.ts";
import type { VisibilityExtender } from "./adapters/visibility-extender.ts";
import { sendTestEvent, type TestDiagnosis, type TestPorts } from "./core/delivery/send-test-event.ts";
import type { LanePorts } from "./core/lane/lane-ports.ts";
import { type WakeUp, wakeUpSchema } from "./core/lane/wake-up.ts";
import { type RunEnd, type RunInput, runLane } from "./core/lane/run.ts";
import { createEntryPoint, type LambdaHandler } from "./pipeline/entry-point.ts";
import { createEventHandler } from "./pipeline/event-handler.ts";
import { connectDelivery } from "./wiring/deliver-lane.ts";

export interface DeliverDependencies {
  ports: LanePorts & TestPorts;
  visibility: VisibilityExtender;
  metrics: PublishedMetrics;
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

type DeliverEvent = z.infer<typeof deliverEventSchema>;

/** Reserved for one more attempt (at most 10 s) and the writes after it. */
const ATTEMPT_MS = 14_000;
/**
 * After a fault of Trailcast the wake-up is received again sooner than after the queue's visibility, and later each
 * time.
 */
const BACKOFF_SECONDS = 5;

/** Runs the lanes of the received wake-ups. Invoked directly, it sends a test event. */
export function createDeliverHandler(
  dependencies: DeliverDependencies,
): LambdaHandler<SQSBatchResponse | TestDiagnosis> {
  const { ports, visibility } = dependencies;
  const handle = async (event: DeliverEvent, context: Context): Promise<SQSBatchResponse | TestDiagnosis> => {
    if ("test" in event) return sendTestEvent(event.test, ports);
    const hasTime = (): boolean => context.getRemainingTimeInMillis() > ATTEMPT_MS;
    const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
    for (const { messageId, receiptHandle, body, attributes } of event.Records) {
      const wakeUp = wakeUpSchema.parse(JSON.parse(body));
      const end = await answer({ wakeUp, ...countsOf(attributes), hasTime }, ports);
      if (end.kind === "done") continue;
      batchItemFailures.push({ itemIdentifier: messageId });
      await putOff({ wakeUp, receiptHandle, seconds: end.seconds }, visibility, ports);
    }
    return { batchItemFailures };
  };
  return createEventHandler(deliverEventSchema, handle, dependencies);
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
    return { kind: "postpone", seconds: BACKOFF_SECONDS * receives };
  }
}

// If its visibility cannot be changed, a wake-up is received again after the queue's own visibility.
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

export const handler = createEntryPoint(connectDelivery, createDeliverHandler);
