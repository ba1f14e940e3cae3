import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { TrailcastError } from "../core/base/trailcast-error.ts";

/** Requests purges of workspaces. Requesting the same purge twice is harmless. */
export interface PurgeTasks {
  add(workspaces: readonly string[]): Promise<void>;
}

/** Thrown when SQS refused some messages of a batch of purge tasks. */
export class PurgeTasksError extends TrailcastError {
  override name = "PurgeTasksError";
  constructor(count: number) {
    super(`${count} purge tasks could not be queued`);
  }
}

const BATCH = 10;

export function createPurgeTasks(queueUrl: string, client: SQSClient): PurgeTasks {
  return {
    add: async (workspaces) => {
      for (let start = 0; start < workspaces.length; start += BATCH) {
        const some = workspaces.slice(start, start + BATCH);
        const { Failed } = await client.send(
          new SendMessageBatchCommand({
            QueueUrl: queueUrl,
            Entries: some.map((workspace, index) => ({
              Id: String(index),
              MessageBody: JSON.stringify({ workspace }),
            })),
          }),
        );
        if (Failed !== undefined && Failed.length > 0) throw new PurgeTasksError(Failed.length);
      }
    },
  };
}
