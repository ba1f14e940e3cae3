import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Environment } from "../adapters/environment.ts";
import { systemRandom } from "../adapters/system-random.ts";
import { createWakeUpQueue, type WakeUpQueueUrls } from "../adapters/wake-up-queue.ts";
import { ENV } from "../core/base/environment.ts";
import type { WakeUpQueue } from "../core/lane/lane-store.ts";

export function wakeUpQueueUrls(environment: Environment): WakeUpQueueUrls {
  return {
    quick: environment.text(ENV.wakeUpQueueUrl),
    slow: environment.text(ENV.slowWakeUpQueueUrl),
  };
}

export function connectWakeUpQueue(environment: Environment, client: SQSClient): WakeUpQueue {
  return createWakeUpQueue(wakeUpQueueUrls(environment), systemRandom, client);
}
