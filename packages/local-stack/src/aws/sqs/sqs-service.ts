import type { DatabaseSync } from "node:sqlite";
import type { AwsService, Unsubscribe } from "../aws-service.ts";

export interface SqsOptions {
  database: DatabaseSync;
  /** Milliseconds since 1970. Must never decrease. */
  clock: () => number;
  region: string;
  accountId: string;
  /** `http://127.0.0.1:PORT` without a trailing slash, the beginning of every queue URL. */
  endpoint: () => string;
  /** Converts milliseconds of `clock` to real ones, for long polls. Default: the same number. */
  realDelay?: (milliseconds: number) => number;
}

export interface QueueNames {
  queueUrl: string;
  queueArn: string;
}

/** A message as Lambda passes it to a function, without the fields that describe its source. */
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
  /** 1 to 10. Default 1. */
  maxMessages?: number;
  /** By `clock`. By default the call returns at once. */
  waitSeconds?: number;
  /** By `clock`. Default: the queue's visibility. */
  visibilitySeconds?: number | undefined;
  /** Ends the wait with an empty result. */
  signal?: AbortSignal;
}

/** Standard and FIFO queues. `handle` takes `AmazonSQS` calls. */
export interface SqsService extends AwsService {
  /**
   * Creates the queue, or sets the attributes of an existing one. Takes the properties of `AWS::SQS::Queue`, including
   * `QueueName`.
   */
  createQueue(properties: Record<string, unknown>): QueueNames;
  /** Checks redrive policies once all queues exist. Throws if a dead-letter queue is missing or has the other type. */
  checkRedrivePolicies(): void;
  receive(queueArn: string, options: ReceiveOptions): Promise<ReceivedMessage[]>;
  deleteMessage(queueArn: string, receiptHandle: string): void;
  changeVisibility(queueArn: string, receiptHandle: string, seconds: number): void;
  /** Exact numbers of visible, in-flight and delayed messages of a queue. */
  counts(queueArn: string): { visible: number; inFlight: number; delayed: number };
  /**
   * Called after a call has sent messages or made them visible, but not when a visibility ends: `receive` waits for
   * that.
   */
  onMessage(listener: (queueArn: string) => void): Unsubscribe;
  /**
   * After a crash, makes messages visible that consumers had in flight. If a consumer has set a message's visibility,
   * that time is kept.
   */
  releaseInFlight(): number;
  /** Ends all waiting receives with empty results. */
  close(): void;
}
