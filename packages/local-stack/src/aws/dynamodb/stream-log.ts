import type { DatabaseSync, StatementSync } from "node:sqlite";
import * as z from "zod";
import { itemSize } from "./attribute-order.ts";
import { isRecord, type Item } from "./attribute-value.ts";
import type { StreamRecord } from "./dynamodb-service.ts";
import type { StreamView } from "./table-definition.ts";

/** Developer Guide: all data in DynamoDB Streams is subject to a 24-hour lifetime. */
const LIFETIME_MS = 24 * 3_600_000;
const TRIM_CHUNK = 5000;
/**
 * Sequence numbers have 21 to 40 digits. The first hundred of a stream have 21 and all others 22, so that code which
 * wrongly compares them as text fails soon.
 */
const SEQUENCE_BASE = 999_999_999_999_999_999_900n;

export interface StreamChange {
  keys: Item;
  before: Item | undefined;
  after: Item | undefined;
  expired: boolean;
}

const image = z.custom<Record<string, unknown>>(isRecord);
const storedSchema = z.object({
  eventName: z.enum(["INSERT", "MODIFY", "REMOVE"]),
  expired: z.boolean().optional(),
  Keys: image,
  NewImage: image.optional(),
  OldImage: image.optional(),
  SizeBytes: z.number(),
});

function eventName({ before, after }: StreamChange): "INSERT" | "MODIFY" | "REMOVE" {
  if (after === undefined) return "REMOVE";
  return before === undefined ? "INSERT" : "MODIFY";
}

function storedText(view: StreamView, change: StreamChange): string {
  const hasNew = view === "NEW_IMAGE" || view === "NEW_AND_OLD_IMAGES";
  const hasOld = view === "OLD_IMAGE" || view === "NEW_AND_OLD_IMAGES";
  const newImage = hasNew ? change.after : undefined;
  const oldImage = hasOld ? change.before : undefined;
  const parts = [change.keys, newImage, oldImage].filter((part) => part !== undefined);
  const stored: z.input<typeof storedSchema> = {
    eventName: eventName(change),
    ...(change.expired ? { expired: true } : {}),
    Keys: change.keys,
    ...(newImage === undefined ? {} : { NewImage: newImage }),
    ...(oldImage === undefined ? {} : { OldImage: oldImage }),
    SizeBytes: parts.reduce((total, part) => total + itemSize(part), 0),
  };
  return JSON.stringify(stored);
}

function sequenceNumber(position: number): string {
  return String(SEQUENCE_BASE + BigInt(position));
}

function positionOf(sequence: string): number {
  return Number(BigInt(sequence) - SEQUENCE_BASE);
}

export interface StreamOptions {
  clock: () => number;
  /** Called inside the transaction of the write. */
  onAppend: (arn: string) => void;
}

export interface StreamIdentity {
  id: number;
  arn: string;
  region: string;
  view: StreamView;
}

/** The records of one table's stream, which has one shard. They are appended in the transaction of the write. */
export class StreamLog {
  readonly arn: string;
  readonly #identity: StreamIdentity;
  readonly #clock: () => number;
  readonly #onAppend: (arn: string) => void;
  readonly #append: StatementSync;
  readonly #after: StatementSync;
  readonly #oldest: StatementSync;
  readonly #newest: StatementSync;
  readonly #trim: StatementSync;

  constructor(database: DatabaseSync, options: StreamOptions, identity: StreamIdentity) {
    const table = `dynamodb_stream_${identity.id}`;
    // AUTOINCREMENT prevents that a position is reused, even after all records were trimmed.
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (position INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, record TEXT NOT NULL) STRICT`,
    );
    this.arn = identity.arn;
    this.#identity = identity;
    this.#clock = options.clock;
    this.#onAppend = options.onAppend;
    this.#append = database.prepare(`INSERT INTO ${table} (at, record) VALUES (?, ?)`);
    this.#after = database.prepare(
      `SELECT position, at, record FROM ${table} WHERE position > ? AND at > ? ORDER BY position LIMIT ?`,
    );
    this.#oldest = database.prepare(`SELECT position, at FROM ${table} ORDER BY position LIMIT 1`);
    this.#newest = database.prepare(`SELECT position, at FROM ${table} ORDER BY position DESC LIMIT 1`);
    this.#trim = database.prepare(`DELETE FROM ${table} WHERE position < ? AND at <= ?`);
  }

  append(change: StreamChange): void {
    this.#append.run(this.#clock(), storedText(this.#identity.view, change));
    this.#onAppend(this.arn);
  }

  #horizon(): number {
    return this.#clock() - LIFETIME_MS;
  }

  /** Removes records older than their lifetime, oldest first. */
  #trimExpired(): void {
    for (;;) {
      const oldest = this.#oldest.get();
      if (oldest === undefined || Number(oldest["at"]) > this.#horizon()) return;
      this.#trim.run(Number(oldest["position"]) + TRIM_CHUNK, this.#horizon());
    }
  }

  #recordOf(position: number, at: number, text: string): StreamRecord {
    const { eventName: name, expired, ...rest } = storedSchema.parse(JSON.parse(text));
    const { arn, region, view, id } = this.#identity;
    const sequence = sequenceNumber(position);
    return {
      eventID: `${id.toString(16).padStart(8, "0")}${position.toString(16).padStart(24, "0")}`,
      eventName: name,
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: region,
      eventSourceARN: arn,
      ...(expired === true
        ? { userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" } as const }
        : {}),
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(at / 1000),
        Keys: rest.Keys,
        ...(rest.NewImage === undefined ? {} : { NewImage: rest.NewImage }),
        ...(rest.OldImage === undefined ? {} : { OldImage: rest.OldImage }),
        SequenceNumber: sequence,
        SizeBytes: rest.SizeBytes,
        StreamViewType: view,
      },
    };
  }

  read(after: string | undefined, limit: number): StreamRecord[] {
    this.#trimExpired();
    const from = after === undefined ? 0 : positionOf(after);
    return this.#after
      .all(from, this.#horizon(), limit)
      .map((row) => this.#recordOf(Number(row["position"]), Number(row["at"]), String(row["record"])));
  }

  positions(): { oldest: string | undefined; latest: string | undefined } {
    this.#trimExpired();
    const [oldest, latest] = [this.#oldest.get(), this.#newest.get()].map((row) =>
      row === undefined ? undefined : sequenceNumber(Number(row["position"])),
    );
    return { oldest, latest };
  }
}
