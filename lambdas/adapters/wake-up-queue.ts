import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { WakeUp } from "../core/lane/wake-up.ts";
import type { RandomBytes } from "../core/base/random.ts";
import type { WakeUpQueue } from "../core/lane/lane-store.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";

/** SQS refused some messages of a batch. The caller is invoked again and sends them again. */
export class WakeUpsNotSentError extends TrailcastError {
  override name = "WakeUpsNotSentError";
  constructor(count: number) {
    super(`${count} wake-ups could not be sent`);
  }
}

export interface WakeUpQueueUrls {
  quick: string;
  slow: string;
}

const BATCH = 10;

/** Wake-ups over SQS FIFO queues: the message group is the lane, so only one wake-up of a lane is processed at a time. */
export function createWakeUpQueue(
  urls: WakeUpQueueUrls,
  random: RandomBytes,
  client: SQSClient,
): WakeUpQueue {
  const send = async (queueUrl: string, wakeUps: readonly WakeUp[]): Promise<void> => {
    const { Failed = [] } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: wakeUps.map((wakeUp, index) => ({
          Id: String(index),
          MessageBody: JSON.stringify(wakeUp),
          MessageGroupId: `${wakeUp.destination}.${wakeUp.lane}`,
          // A random id each: SQS would otherwise drop a wake-up as a duplicate of one that was processed before the newest page.
          MessageDeduplicationId: Buffer.from(random(16)).toString("hex"),
        })),
      }),
    );
    if (Failed.length > 0) throw new WakeUpsNotSentError(Failed.length);
  };
  return {
    async send(wakeUps) {
      const slow = wakeUps.filter((wakeUp) => wakeUp.slow === true);
      const quick = wakeUps.filter((wakeUp) => wakeUp.slow !== true);
      await Promise.all([
        ...batchesOf(quick).map((batch) => send(urls.quick, batch)),
        ...batchesOf(slow).map((batch) => send(urls.slow, batch)),
      ]);
    },
  };
}

function batchesOf(wakeUps: readonly WakeUp[]): WakeUp[][] {
  const batches: WakeUp[][] = [];
  for (let start = 0; start < wakeUps.length; start += BATCH)
    batches.push(wakeUps.slice(start, start + BATCH));
  return batches;
}
