import { randomUUID } from "node:crypto";
import type { SQLOutputValue } from "node:sqlite";
import type { MessageQueue } from "./message-queue.ts";
import type { StoredMessage } from "./message-store.ts";
import { readTexts } from "./queue-attributes.ts";
import type { Queue, QueueStore } from "./queue-store.ts";
import { invalidValue, sqsError } from "./sqs-error.ts";
import type { SqsOptions } from "./sqs-service.ts";

/** API reference, `StartMessageMoveTask`: at most 500 messages a second. */
const MAX_RATE = 500;
const TICK_MS = 100;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sqs_move_task (
    id INTEGER PRIMARY KEY AUTOINCREMENT, handle TEXT NOT NULL UNIQUE, source TEXT NOT NULL, destination TEXT, status TEXT NOT NULL,
    rate INTEGER, started_at INTEGER NOT NULL, moved INTEGER NOT NULL DEFAULT 0, to_move INTEGER NOT NULL, failure TEXT
  ) STRICT;
`;

export interface MoveTask {
  handle: string;
  source: string;
  destination: string | null;
  status: "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED";
  rate: number | null;
  startedAt: number;
  moved: number;
  toMove: number;
  failure: string | null;
}

const STATUSES = ["RUNNING", "COMPLETED", "CANCELLED", "FAILED"] as const;

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function readTask(row: Record<string, SQLOutputValue>): MoveTask {
  return {
    handle: String(row["handle"]),
    source: String(row["source"]),
    destination: textOrNull(row["destination"]),
    status: STATUSES.find((status) => status === row["status"]) ?? "FAILED",
    rate: row["rate"] === null ? null : Number(row["rate"]),
    startedAt: Number(row["started_at"]),
    moved: Number(row["moved"]),
    toMove: Number(row["to_move"]),
    failure: textOrNull(row["failure"]),
  };
}

/** Moves messages out of dead-letter queues at the requested rate, and continues after a restart. */
export class MoveTasks {
  readonly #options: SqsOptions;
  readonly #queues: QueueStore;
  readonly #messages: MessageQueue;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: SqsOptions, queues: QueueStore, messages: MessageQueue) {
    this.#options = options;
    this.#queues = queues;
    this.#messages = messages;
    options.database.exec(SCHEMA);
    for (const task of this.#all()) if (task.status === "RUNNING") this.#schedule(task.handle, 0);
  }

  #all(): MoveTask[] {
    return this.#options.database.prepare("SELECT * FROM sqs_move_task ORDER BY id DESC").all().map(readTask);
  }

  /** The move tasks of a source, newest first. */
  list(sourceArn: string): MoveTask[] {
    return this.#all().filter((task) => task.source === sourceArn);
  }

  start(source: Queue, destination: Queue | null, rate: number | null): MoveTask {
    if (this.#queues.sourcesOf(source).length === 0) {
      throw invalidValue("SourceArn", source.arn, "Source queue must be configured as a Dead Letter Queue.");
    }
    if (rate !== null && (!Number.isInteger(rate) || rate < 1 || rate > MAX_RATE)) {
      throw invalidValue("MaxNumberOfMessagesPerSecond", rate, `Must be between 1 and ${MAX_RATE}.`);
    }
    if (this.list(source.arn).some((task) => task.status === "RUNNING")) {
      throw sqsError(
        "UnsupportedOperation",
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
      );
    }
    const handle = Buffer.from(`{"taskId":"${randomUUID()}","sourceArn":"${source.arn}"}`).toString("base64");
    const now = this.#options.clock();
    this.#options.database
      .prepare(
        "INSERT INTO sqs_move_task (handle, source, destination, status, rate, started_at, to_move) VALUES (?, ?, ?, 'RUNNING', ?, ?, ?)",
      )
      .run(
        handle,
        source.arn,
        destination?.arn ?? null,
        rate,
        now,
        this.#messages.messages.counts(source.id, now).visible,
      );
    this.#schedule(handle, 0);
    return this.get(handle);
  }

  get(handle: string): MoveTask {
    const row = this.#options.database.prepare("SELECT * FROM sqs_move_task WHERE handle = ?").get(handle);
    if (row === undefined) throw sqsError("ResourceNotFoundException", "Task does not exist.");
    return readTask(row);
  }

  /** Stops a running task and returns the number of messages that it has moved. */
  cancel(handle: string): number {
    const task = this.get(handle);
    if (task.status !== "RUNNING") {
      throw sqsError("UnsupportedOperation", "Only active tasks can be cancelled.");
    }
    this.#end(handle, "CANCELLED", null);
    return task.moved;
  }

  #end(handle: string, status: MoveTask["status"], failure: string | null): void {
    clearTimeout(this.#timers.get(handle));
    this.#timers.delete(handle);
    this.#options.database
      .prepare("UPDATE sqs_move_task SET status = ?, failure = ? WHERE handle = ?")
      .run(status, failure, handle);
  }

  #schedule(handle: string, milliseconds: number): void {
    const realDelay = this.#options.realDelay ?? ((each: number) => each);
    const timer = setTimeout(() => this.#tick(handle), Math.ceil(realDelay(milliseconds)));
    timer.unref();
    this.#timers.set(handle, timer);
  }

  #tick(handle: string): void {
    const task = this.get(handle);
    const source = this.#queues.atArn(task.source);
    // One message at a time at low rates, otherwise as many as are due in one tick.
    const perTick = Math.max(1, Math.floor(((task.rate ?? MAX_RATE) * TICK_MS) / 1000));
    let moved = 0;
    try {
      this.#messages.transaction(() => {
        while (moved < perTick && this.#moveOne(source, task)) moved += 1;
        this.#options.database
          .prepare("UPDATE sqs_move_task SET moved = moved + ? WHERE handle = ?")
          .run(moved, handle);
      });
    } catch (error) {
      this.#end(handle, "FAILED", error instanceof Error ? error.message : "unknown");
      return;
    }
    if (moved < perTick) this.#end(handle, "COMPLETED", null);
    else this.#schedule(handle, (perTick * 1000) / (task.rate ?? MAX_RATE));
  }

  #moveOne(source: Queue, task: MoveTask): boolean {
    return this.#messages.moveOne(source, (message: StoredMessage) => {
      const origin = task.destination ?? readTexts(message.system)["DeadLetterQueueSourceArn"];
      if (origin === undefined) throw new Error("CouldNotDetermineMessageSource");
      return this.#queues.atArn(origin);
    });
  }

  /** Stops moving messages until the next start. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
