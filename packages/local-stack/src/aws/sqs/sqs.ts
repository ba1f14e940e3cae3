import { AwsError, type AwsCall } from "../aws-service.ts";
import type { Action } from "./actions/action.ts";
import {
  changeMessageVisibility,
  changeMessageVisibilityBatch,
  deleteMessage,
  deleteMessageBatch,
} from "./actions/message-handles.ts";
import { cancelMessageMoveTask, listMessageMoveTasks, startMessageMoveTask } from "./actions/message-move.ts";
import { viewMessage } from "./actions/message-view.ts";
import {
  createQueue,
  deleteQueue,
  getQueueAttributes,
  getQueueUrl,
  listDeadLetterSourceQueues,
  listQueues,
  purgeQueue,
  setQueueAttributes,
} from "./actions/queues.ts";
import { receiveMessage } from "./actions/receive-message.ts";
import { sendMessage, sendMessageBatch } from "./actions/send-message.ts";
import { changeVisibility, deleteInFlight } from "./in-flight.ts";
import { attributesOfTemplate } from "./queue-attributes.ts";
import { createQueueService, type QueueService } from "./queue-service.ts";
import type { QueueNames, ReceivedMessage, ReceiveOptions, SqsOptions, SqsService } from "./sqs-service.ts";

const ACTIONS: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    CancelMessageMoveTask: cancelMessageMoveTask,
    ChangeMessageVisibility: changeMessageVisibility,
    ChangeMessageVisibilityBatch: changeMessageVisibilityBatch,
    CreateQueue: createQueue,
    DeleteMessage: deleteMessage,
    DeleteMessageBatch: deleteMessageBatch,
    DeleteQueue: deleteQueue,
    GetQueueAttributes: getQueueAttributes,
    GetQueueUrl: getQueueUrl,
    ListDeadLetterSourceQueues: listDeadLetterSourceQueues,
    ListMessageMoveTasks: listMessageMoveTasks,
    ListQueues: listQueues,
    PurgeQueue: purgeQueue,
    ReceiveMessage: receiveMessage,
    SendMessage: sendMessage,
    SendMessageBatch: sendMessageBatch,
    SetQueueAttributes: setQueueAttributes,
    StartMessageMoveTask: startMessageMoveTask,
  }),
);

/** Actions that clients may call. */
export const SQS_ACTIONS: readonly string[] = [...ACTIONS.keys()];

function handle(service: QueueService, call: AwsCall): ReturnType<Action> {
  const action = ACTIONS.get(call.action);
  if (action === undefined) {
    throw new AwsError("UnknownOperationException", `the local SQS has no ${call.action}`);
  }
  return action(service, call.input, call.signal);
}

/** Creates a queue of a template, or gives an existing one the template's attributes. */
function ensureQueue(service: QueueService, properties: Record<string, unknown>): QueueNames {
  const name = String(properties["QueueName"]);
  const attributes = attributesOfTemplate(properties);
  const existing = service.queues.find(name);
  const queue = existing ?? service.queues.create(name, attributes);
  if (existing !== undefined) service.queues.replaceAttributes(existing, attributes);
  return { queueUrl: service.queues.urlOf(queue), queueArn: queue.arn };
}

async function receive(
  service: QueueService,
  queueArn: string,
  options: ReceiveOptions,
): Promise<ReceivedMessage[]> {
  const queue = service.queues.atArn(queueArn);
  const wait = { milliseconds: (options.waitSeconds ?? 0) * 1000, signal: options.signal };
  const messages = await service.receive(
    queue,
    options.maxMessages ?? 1,
    options.visibilitySeconds ?? queue.settings.visibilityTimeout,
    wait,
  );
  return messages.map(viewMessage);
}

function releaseInFlight(service: QueueService): number {
  const released = service.messages.releaseHeld();
  for (const queue of service.queues.all()) service.arrivals.announce(queue);
  return released;
}

/** The queues in the database of `options`, including those of earlier runs. */
export function createSqs(options: SqsOptions): SqsService {
  const service = createQueueService({ ...options, clock: () => Math.floor(options.clock()) });
  const { queues, messages, arrivals, moves } = service;
  return {
    handle: (call) => handle(service, call),
    createQueue: (properties) => ensureQueue(service, properties),
    checkRedrivePolicies: () => {
      for (const queue of queues.all()) queues.checkRedrive(queue);
    },
    receive: (queueArn, each) => receive(service, queueArn, each),
    deleteMessage: (queueArn, receiptHandle) => {
      const queue = queues.atArn(queueArn);
      deleteInFlight(messages, queue, receiptHandle);
      if (queue.settings.fifo) arrivals.announce(queue);
    },
    changeVisibility: (queueArn, receiptHandle, seconds) => {
      const queue = queues.atArn(queueArn);
      changeVisibility(messages, queue, receiptHandle, seconds);
      arrivals.announce(queue);
    },
    counts: (queueArn) => messages.messages.counts(queues.atArn(queueArn).id, options.clock()),
    onMessage: (listener) => arrivals.listen(listener),
    releaseInFlight: () => releaseInFlight(service),
    close: () => {
      moves.close();
      arrivals.close();
    },
  };
}
