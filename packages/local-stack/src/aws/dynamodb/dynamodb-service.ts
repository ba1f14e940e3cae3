import type { DatabaseSync } from "node:sqlite";
import type { AwsService, Unsubscribe } from "../aws-service.ts";

export interface DynamoDbOptions {
  database: DatabaseSync;
  /** Milliseconds since 1970. Must never decrease. */
  clock: () => number;
  region: string;
  accountId: string;
}

export interface TableArns {
  tableArn: string;
  /** With the label, `…/stream/2026-11-23T05:00:00.000`; null for a table without a stream. */
  streamArn: string | null;
}

/**
 * A record as Lambda passes it to a function (`DynamoDBRecord` of `@types/aws-lambda`), with binary values in base64.
 */
export interface StreamRecord {
  eventID: string;
  eventName: "INSERT" | "MODIFY" | "REMOVE";
  eventVersion: "1.1";
  eventSource: "aws:dynamodb";
  awsRegion: string;
  eventSourceARN: string;
  userIdentity?: { type: "Service"; principalId: "dynamodb.amazonaws.com" };
  dynamodb: {
    /** Epoch seconds. */
    ApproximateCreationDateTime: number;
    Keys: Record<string, unknown>;
    NewImage?: Record<string, unknown>;
    OldImage?: Record<string, unknown>;
    SequenceNumber: string;
    SizeBytes: number;
    StreamViewType: string;
  };
}

/**
 * Tables with streams, time to live, indexes and transactions. `handle` takes `DynamoDB_20120810` calls. Sequence
 * numbers have at least 21 digits, but not all the same length: compare them as numbers.
 */
export interface DynamoDbService extends AwsService {
  /**
   * Creates the table, or changes an existing one to this definition. Takes the properties of `AWS::DynamoDB::Table`,
   * including `TableName`.
   */
  createTable(properties: Record<string, unknown>): TableArns;
  /**
   * Records after a sequence number (from the oldest if undefined), oldest first. The cost does not depend on the
   * length of the stream.
   */
  readStream(streamArn: string, after: string | undefined, limit: number): StreamRecord[];
  /** Sequence numbers of the oldest and the newest record of the last 24 hours; undefined if there is none. */
  streamPositions(streamArn: string): { oldest: string | undefined; latest: string | undefined };
  /** Called after each commit that added stream records. */
  onWrite(listener: (streamArn: string) => void): Unsubscribe;
  /** Deletes up to `limit` (1,000) items whose time to live has passed, and returns their number. */
  expireNow(limit?: number): number;
}
