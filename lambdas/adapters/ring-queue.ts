import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { ENV } from "../core/base/environment.ts";
import type { Ring } from "../core/lane/lane.ts";
import type { RandomBytes } from "../core/base/random.ts";
import type { RingQueue } from "../core/lane/lane-store.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";
import { createSqsClient } from "./aws-clients.ts";
import type { Environment } from "./entry-point.ts";
import { systemRandom } from "./system-random.ts";

/** SQS refused a part of a batch of rings. */
export class UnrungError extends TrailcastError {
  override name = "UnrungError";
  constructor(count: number) {
    super(`${count} lanes could not be rung`);
  }
}

export interface RingQueueUrls {
  quick: string;
  slow: string;
}

const BATCH = 10;

/** Rings over SQS FIFO queues: the group is the lane, so one ring of a lane is looked after at a time. */
export function createRingQueue(urls: RingQueueUrls, random: RandomBytes, client: SQSClient): RingQueue {
  const send = async (queueUrl: string, rings: readonly Ring[]): Promise<void> => {
    const { Failed = [] } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: rings.map((ring, index) => ({
          Id: String(index),
          MessageBody: JSON.stringify(ring),
          MessageGroupId: `${ring.destination}.${ring.lane}`,
          // Each ring is rung: one that is dropped for being like an earlier one may be the one that counts.
          MessageDeduplicationId: Buffer.from(random(16)).toString("hex"),
        })),
      }),
    );
    if (Failed.length > 0) throw new UnrungError(Failed.length);
  };
  return {
    async ring(rings) {
      const slow = rings.filter((ring) => ring.slow === true);
      const quick = rings.filter((ring) => ring.slow !== true);
      await Promise.all([
        ...batchesOf(quick).map((batch) => send(urls.quick, batch)),
        ...batchesOf(slow).map((batch) => send(urls.slow, batch)),
      ]);
    },
  };
}

/** The queues that a function's environment names. */
export function connectRingQueue(environment: Environment, client: SQSClient = createSqsClient()): RingQueue {
  const urls = { quick: environment.text(ENV.ringQueueUrl), slow: environment.text(ENV.slowRingQueueUrl) };
  return createRingQueue(urls, systemRandom, client);
}

function batchesOf(rings: readonly Ring[]): Ring[][] {
  const batches: Ring[][] = [];
  for (let start = 0; start < rings.length; start += BATCH) batches.push(rings.slice(start, start + BATCH));
  return batches;
}
