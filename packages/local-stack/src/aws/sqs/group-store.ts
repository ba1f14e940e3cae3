import type { DatabaseSync, StatementSync } from "node:sqlite";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sqs_group (
    queue INTEGER NOT NULL, group_id TEXT NOT NULL, head INTEGER NOT NULL, free_at INTEGER NOT NULL, PRIMARY KEY (queue, group_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sqs_group_free ON sqs_group (queue, free_at);
`;

/**
 * The message groups of FIFO queues: the first message of each, and the time from which it can be received. A group is
 * blocked while one of its messages is in flight or its first message is delayed.
 */
export class GroupStore {
  readonly #head: StatementSync;
  readonly #inFlightUntil: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #free: StatementSync;
  readonly #nextFree: StatementSync;
  readonly #clear: StatementSync;

  constructor(database: DatabaseSync) {
    database.exec(SCHEMA);
    this.#head = database.prepare(
      `SELECT position, visible_at, receipt FROM sqs_message WHERE queue = ? AND group_id = ? ORDER BY position LIMIT 1`,
    );
    this.#inFlightUntil = database.prepare(
      `SELECT max(visible_at) AS until FROM sqs_message WHERE queue = ? AND group_id = ? AND receipt IS NOT NULL`,
    );
    this.#put = database.prepare(
      `INSERT INTO sqs_group (queue, group_id, head, free_at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET head = excluded.head, free_at = excluded.free_at`,
    );
    this.#delete = database.prepare(`DELETE FROM sqs_group WHERE queue = ? AND group_id = ?`);
    this.#free = database.prepare(
      `SELECT group_id FROM sqs_group WHERE queue = ? AND free_at <= ? ORDER BY head LIMIT ?`,
    );
    this.#nextFree = database.prepare(
      `SELECT min(free_at) AS at FROM sqs_group WHERE queue = ? AND free_at > ?`,
    );
    this.#clear = database.prepare(`DELETE FROM sqs_group WHERE queue = ?`);
  }

  /** Recomputes a group's row after its messages changed. */
  refresh(queue: number, group: string): void {
    const head = this.#head.get(queue, group);
    if (head === undefined) {
      this.#delete.run(queue, group);
      return;
    }
    const until = Number(this.#inFlightUntil.get(queue, group)?.["until"] ?? 0);
    const delayedUntil = head["receipt"] === null ? Number(head["visible_at"]) : 0;
    this.#put.run(queue, group, Number(head["position"]), Math.max(until, delayedUntil));
  }

  /** Groups that can be received from, in the order of their first messages. */
  free(queue: number, now: number, limit: number): string[] {
    return this.#free.all(queue, now, limit).map((row) => String(row["group_id"]));
  }

  nextFreeAt(queue: number, now: number): number | undefined {
    const at = this.#nextFree.get(queue, now)?.["at"];
    return at === null || at === undefined ? undefined : Number(at);
  }

  clear(queue: number): void {
    this.#clear.run(queue);
  }
}
