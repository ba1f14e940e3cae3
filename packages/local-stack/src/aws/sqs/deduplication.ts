import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Developer Guide: the deduplication interval is 5 minutes. */
const INTERVAL_MS = 300_000;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sqs_deduplication (
    queue INTEGER NOT NULL, key TEXT NOT NULL, message_id TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (queue, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sqs_deduplication_at ON sqs_deduplication (at);
`;

export interface Accepted {
  id: string;
  position: number;
}

/** What FIFO queues accepted in the last five minutes, even if it has since been received and deleted. */
export class Deduplication {
  readonly #find: StatementSync;
  readonly #put: StatementSync;
  readonly #forget: StatementSync;

  constructor(database: DatabaseSync) {
    database.exec(SCHEMA);
    this.#find = database.prepare(
      `SELECT message_id, position FROM sqs_deduplication WHERE queue = ? AND key = ? AND at > ?`,
    );
    this.#put = database.prepare(
      `INSERT INTO sqs_deduplication (queue, key, message_id, position, at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET message_id = excluded.message_id, position = excluded.position, at = excluded.at`,
    );
    this.#forget = database.prepare(`DELETE FROM sqs_deduplication WHERE at <= ?`);
  }

  find(queue: number, key: string, now: number): Accepted | undefined {
    const row = this.#find.get(queue, key, now - INTERVAL_MS);
    return row === undefined
      ? undefined
      : { id: String(row["message_id"]), position: Number(row["position"]) };
  }

  remember(queue: number, key: string, accepted: Accepted, now: number): void {
    this.#forget.run(now - INTERVAL_MS);
    this.#put.run(queue, key, accepted.id, accepted.position, now);
  }
}
