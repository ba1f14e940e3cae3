import { randomUUID } from "node:crypto";
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";

/** A message with its sender's data and its state. */
export interface NewMessage {
  queue: number;
  id: string;
  body: string;
  /** JSON of the message attributes. */
  attributes: string;
  /** JSON of the system attributes that never change (`SenderId`, `MessageDeduplicationId`, …). */
  system: string;
  group: string | null;
  sentAt: number;
  visibleAt: number;
}

export interface StoredMessage extends NewMessage {
  /** Increases in the order of sending. */
  position: number;
  receiveCount: number;
  firstReceivedAt: number | null;
  receivedAt: number | null;
  receipt: string | null;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sqs_message (
    position INTEGER PRIMARY KEY AUTOINCREMENT, queue INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    attributes TEXT NOT NULL, system TEXT NOT NULL, group_id TEXT, sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL,
    receive_count INTEGER NOT NULL DEFAULT 0, first_received_at INTEGER, received_at INTEGER, receipt TEXT,
    retimed INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sqs_message_visible ON sqs_message (queue, visible_at, position);
  CREATE INDEX IF NOT EXISTS sqs_message_group ON sqs_message (queue, group_id, position);
  CREATE INDEX IF NOT EXISTS sqs_message_sent ON sqs_message (queue, sent_at);
  CREATE INDEX IF NOT EXISTS sqs_message_flight ON sqs_message (queue, group_id, visible_at) WHERE receipt IS NOT NULL;
`;

function nullable(value: SQLOutputValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function readMessage(row: Record<string, SQLOutputValue>): StoredMessage {
  return {
    position: Number(row["position"]),
    queue: Number(row["queue"]),
    id: String(row["id"]),
    body: String(row["body"]),
    attributes: String(row["attributes"]),
    system: String(row["system"]),
    group: row["group_id"] === null ? null : String(row["group_id"]),
    sentAt: Number(row["sent_at"]),
    visibleAt: Number(row["visible_at"]),
    receiveCount: Number(row["receive_count"]),
    firstReceivedAt: nullable(row["first_received_at"]),
    receivedAt: nullable(row["received_at"]),
    receipt: row["receipt"] === null ? null : String(row["receipt"]),
  };
}

/** Messages as rows. A message is in flight while it has a receipt and its `visible_at` is in the future. */
export class MessageStore {
  readonly #insert: StatementSync;
  readonly #visible: StatementSync;
  readonly #ofGroup: StatementSync;
  readonly #at: StatementSync;
  readonly #take: StatementSync;
  readonly #retime: StatementSync;
  readonly #delete: StatementSync;
  readonly #oldest: StatementSync;
  readonly #expired: StatementSync;
  readonly #nextVisible: StatementSync;
  readonly #counts: StatementSync;
  readonly #held: StatementSync;
  readonly #release: StatementSync;
  readonly #clear: StatementSync;

  constructor(database: DatabaseSync) {
    database.exec(SCHEMA);
    this.#insert = database.prepare(
      `INSERT INTO sqs_message (queue, id, body, attributes, system, group_id, sent_at, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#visible = database.prepare(
      `SELECT * FROM sqs_message WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, position LIMIT ?`,
    );
    this.#ofGroup = database.prepare(
      `SELECT * FROM sqs_message WHERE queue = ? AND group_id = ? AND position > ? ORDER BY position LIMIT 1`,
    );
    this.#at = database.prepare(`SELECT * FROM sqs_message WHERE position = ?`);
    this.#take = database.prepare(
      `UPDATE sqs_message SET receipt = ?, received_at = ?, visible_at = ?, receive_count = receive_count + 1, retimed = 0,
         first_received_at = coalesce(first_received_at, ?) WHERE position = ?`,
    );
    this.#retime = database.prepare(`UPDATE sqs_message SET visible_at = ?, retimed = 1 WHERE position = ?`);
    this.#delete = database.prepare(`DELETE FROM sqs_message WHERE position = ?`);
    this.#oldest = database.prepare(`SELECT min(sent_at) AS at FROM sqs_message WHERE queue = ?`);
    this.#expired = database.prepare(
      `DELETE FROM sqs_message WHERE queue = ? AND sent_at <= ? RETURNING group_id`,
    );
    this.#nextVisible = database.prepare(
      `SELECT min(visible_at) AS at FROM sqs_message WHERE queue = ? AND visible_at > ?`,
    );
    this.#counts = database.prepare(
      `SELECT count(*) FILTER (WHERE visible_at <= ?) AS visible,
              count(*) FILTER (WHERE visible_at > ? AND receipt IS NOT NULL) AS in_flight,
              count(*) FILTER (WHERE visible_at > ? AND receipt IS NULL) AS delayed FROM sqs_message WHERE queue = ?`,
    );
    this.#held = database.prepare(
      `SELECT * FROM sqs_message WHERE receipt IS NOT NULL AND visible_at > ? AND retimed = 0`,
    );
    this.#release = database.prepare(
      `UPDATE sqs_message SET visible_at = ?, receipt = NULL WHERE position = ?`,
    );
    this.#clear = database.prepare(`DELETE FROM sqs_message WHERE queue = ?`);
  }

  /** Returns the position. */
  insert(message: NewMessage): number {
    const { queue, id, body, attributes, system, group, sentAt, visibleAt } = message;
    const result = this.#insert.run(queue, id, body, attributes, system, group, sentAt, visibleAt);
    return Number(result.lastInsertRowid);
  }

  /** Visible messages of a standard queue, in the order in which they became visible. */
  visible(queue: number, now: number, limit: number): StoredMessage[] {
    return this.#visible.all(queue, now, limit).map(readMessage);
  }

  /** The next message of a group after a position, in the order of sending. */
  nextOfGroup(queue: number, group: string, after: number): StoredMessage | undefined {
    const row = this.#ofGroup.get(queue, group, after);
    return row === undefined ? undefined : readMessage(row);
  }

  at(position: number): StoredMessage | undefined {
    const row = this.#at.get(position);
    return row === undefined ? undefined : readMessage(row);
  }

  /** Marks a message as received and returns its new state. */
  take(message: StoredMessage, now: number, visibleAt: number): StoredMessage {
    const receipt = randomUUID();
    this.#take.run(receipt, now, visibleAt, now, message.position);
    return {
      ...message,
      receipt,
      receivedAt: now,
      visibleAt,
      receiveCount: message.receiveCount + 1,
      firstReceivedAt: message.firstReceivedAt ?? now,
    };
  }

  setVisibleAt(position: number, visibleAt: number): void {
    this.#retime.run(visibleAt, position);
  }

  delete(position: number): void {
    this.#delete.run(position);
  }

  oldestSentAt(queue: number): number | null {
    return nullable(this.#oldest.get(queue)?.["at"]);
  }

  /** Deletes the messages sent at `until` or earlier. Returns their groups. */
  deleteSentUntil(queue: number, until: number): Set<string> {
    const rows = this.#expired.all(queue, until);
    return new Set(rows.flatMap((row) => (row["group_id"] === null ? [] : [String(row["group_id"])])));
  }

  /** When the next message of a queue becomes visible. */
  nextVisibleAt(queue: number, now: number): number | undefined {
    const at = this.#nextVisible.get(queue, now)?.["at"];
    return at === null || at === undefined ? undefined : Number(at);
  }

  counts(queue: number, now: number): { visible: number; inFlight: number; delayed: number } {
    const row = this.#counts.get(now, now, now, queue);
    return {
      visible: Number(row?.["visible"] ?? 0),
      inFlight: Number(row?.["in_flight"] ?? 0),
      delayed: Number(row?.["delayed"] ?? 0),
    };
  }

  /** Makes messages in flight visible unless their consumer has set their visibility, and returns them. */
  releaseHeld(now: number): StoredMessage[] {
    const held = this.#held.all(now).map(readMessage);
    for (const { position } of held) this.#release.run(now, position);
    return held;
  }

  clear(queue: number): void {
    this.#clear.run(queue);
  }
}
