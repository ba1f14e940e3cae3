import type { DatabaseSync } from "node:sqlite";
import type { AwsService, Unsubscribe } from "../aws-service.ts";

export interface SqsOptions {
  database: DatabaseSync;
  /** Milliseconds since 1970; must not go back. */
  clock: () => number;
  region: string;
  accountId: string;
  /** `http://127.0.0.1:PORT` without a slash: the host of every queue URL. */
  endpoint: () => string;
  /** Real milliseconds for milliseconds of `clock`, for long polls. The same when absent. */
  realDelay?: (milliseconds: number) => number;
}

export interface QueueNames {
  queueUrl: string;
  queueArn: string;
}

/** A message as Lambda hands it to a function, without the source's own fields. */
export interface ReceivedMessage {
  messageId: string;
  receiptHandle: string;
  body: string;
  md5OfBody: string;
  /** `ApproximateReceiveCount`, `SentTimestamp`, `MessageGroupId`, … */
  attributes: Record<string, string>;
  messageAttributes: Record<string, MessageAttribute>;
}

export interface MessageAttribute {
  dataType: string;
  stringValue?: string;
  /** Base64. */
  binaryValue?: string;
}

export interface ReceiveOptions {
  /** 1 to 10; 1 when absent. */
  maxMessages?: number;
  /** Of `clock`; answers at once with what there is when absent. */
  waitSeconds?: number;
  /** Of `clock`; the queue's own visibility when absent. */
  visibilitySeconds?: number | undefined;
  /** Ends the wait with an empty answer. */
  signal?: AbortSignal;
}

/** Standard and FIFO queues. `handle` takes `AmazonSQS` calls. */
export interface SqsService extends AwsService {
  /** Makes the queue, or sets an existing one's attributes. Takes the properties of `AWS::SQS::Queue`, `QueueName` included. */
  createQueue(properties: Record<string, unknown>): QueueNames;
  /** Checks redrive policies once all queues are there; throws when a dead-letter queue is missing or of the other type. */
  checkRedrivePolicies(): void;
  receive(queueArn: string, options: ReceiveOptions): Promise<ReceivedMessage[]>;
  deleteMessage(queueArn: string, receiptHandle: string): void;
  changeVisibility(queueArn: string, receiptHandle: string, seconds: number): void;
  /** Visible, in flight and delayed messages of a queue, exactly. */
  counts(queueArn: string): { visible: number; inFlight: number; delayed: number };
  /** Called after messages were sent or made visible by a call (not when a visibility runs out: `receive` waits for that). */
  onMessage(listener: (queueArn: string) => void): Unsubscribe;
  /** After a crash: makes visible what dead consumers held. A message whose consumer set its visibility keeps that time. */
  releaseInFlight(): number;
  /** Ends all waiting receives with empty answers. */
  close(): void;
}
