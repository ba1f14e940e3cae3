import type { DatabaseSync } from "node:sqlite";
import { AwsError } from "../aws-service.ts";
import { createTransaction, type Transaction } from "../transaction.ts";
import type { DynamoDbOptions } from "./dynamodb-service.ts";
import { IndexStore } from "./index-store.ts";
import { StreamLog } from "./stream-log.ts";
import { Table } from "./table.ts";
import type { TableDefinition } from "./table-definition.ts";
import { changeDefinition } from "./table-change.ts";
import { readStoredDefinition } from "./table-definition-text.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS dynamodb_table (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL, created_at INTEGER NOT NULL, stream_id INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS dynamodb_stream (id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS dynamodb_token (token TEXT PRIMARY KEY, request TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
`;

interface TableRow {
  id: number;
  createdAt: number;
  streamId: number | null;
  definition: TableDefinition;
}

/** All tables, and the transaction that groups the writes of a call. */
export class TableStore {
  readonly database: DatabaseSync;
  readonly clock: () => number;
  readonly #options: DynamoDbOptions;
  readonly #tables = new Map<string, Table>();
  readonly #transaction: Transaction;
  readonly #written = new Set<string>();
  readonly #listeners = new Set<(streamArn: string) => void>();

  constructor(options: DynamoDbOptions) {
    this.#options = options;
    this.database = options.database;
    this.clock = options.clock;
    this.database.exec(SCHEMA);
    this.#transaction = createTransaction(this.database);
    for (const row of this.#rows()) this.#tables.set(row.definition.name, this.#open(row));
  }

  #rows(): TableRow[] {
    return this.database
      .prepare("SELECT id, definition, created_at, stream_id FROM dynamodb_table ORDER BY name")
      .all()
      .map((row) => ({
        id: Number(row["id"]),
        createdAt: Number(row["created_at"]),
        streamId: row["stream_id"] === null ? null : Number(row["stream_id"]),
        definition: readStoredDefinition(String(row["definition"])),
      }));
  }

  #open(row: TableRow): Table {
    const { definition } = row;
    const { clock, region } = this.#options;
    let stream: StreamLog | null = null;
    if (row.streamId !== null && definition.streamView !== null) {
      const label = this.database.prepare("SELECT label FROM dynamodb_stream WHERE id = ?").get(row.streamId);
      const arn = `${this.arnOf(definition.name)}/stream/${String(label?.["label"])}`;
      const identity = { id: row.streamId, arn, region, view: definition.streamView };
      const onAppend = (written: string): void => void this.#written.add(written);
      stream = new StreamLog(this.database, { clock, onAppend }, identity);
    }
    return new Table(this.database, row, definition, stream);
  }

  arnOf(tableName: string): string {
    return `arn:aws:dynamodb:${this.#options.region}:${this.#options.accountId}:table/${tableName}`;
  }

  names(): string[] {
    return [...this.#tables.keys()].toSorted();
  }

  tables(): Iterable<Table> {
    return this.#tables.values();
  }

  find(name: string): Table | undefined {
    return this.#tables.get(name);
  }

  /** Finds a table by name or ARN. Throws ResourceNotFoundException. */
  table(name: string): Table {
    const table =
      this.#tables.get(name) ?? this.#tables.get(name.replace(/^arn:aws:dynamodb:.*:table\//, ""));
    if (table === undefined) {
      throw new AwsError("ResourceNotFoundException", "Requested resource not found");
    }
    return table;
  }

  /** Finds a stream by its ARN. Throws ResourceNotFoundException. */
  stream(arn: string): StreamLog {
    for (const { stream } of this.#tables.values()) {
      if (stream?.arn === arn) return stream;
    }
    throw new AwsError("ResourceNotFoundException", `Requested resource not found: Stream: ${arn} not found`);
  }

  /** Creates a stream. Its label is the time, so two streams of the same millisecond must differ. */
  #newStream(): number {
    const newest = this.database.prepare("SELECT label FROM dynamodb_stream ORDER BY id DESC LIMIT 1").get();
    const last = newest === undefined ? 0 : Date.parse(`${String(newest["label"])}Z`) + 1;
    const label = new Date(Math.max(this.clock(), last)).toISOString().slice(0, -1);
    const insert = this.database.prepare("INSERT INTO dynamodb_stream (label) VALUES (?)");
    return Number(insert.run(label).lastInsertRowid);
  }

  create(definition: TableDefinition): Table {
    const table = this.transaction(() => {
      const streamId = definition.streamView === null ? null : this.#newStream();
      this.database
        .prepare("INSERT INTO dynamodb_table (name, definition, created_at, stream_id) VALUES (?, ?, ?, ?)")
        .run(definition.name, JSON.stringify(definition), this.clock(), streamId);
      return this.#reopened(definition.name);
    });
    this.#tables.set(definition.name, table);
    return table;
  }

  /** Changes a table to a new definition. Throws if the keys differ. */
  change(definition: TableDefinition): Table {
    const old = this.table(definition.name);
    const table = this.transaction(() => {
      if (definition.streamView !== old.definition.streamView) {
        const streamId = definition.streamView === null ? null : this.#newStream();
        this.database.prepare("UPDATE dynamodb_table SET stream_id = ? WHERE id = ?").run(streamId, old.id);
      }
      this.database
        .prepare("UPDATE dynamodb_table SET definition = ? WHERE id = ?")
        .run(JSON.stringify(definition), old.id);
      const now = this.#reopened(definition.name);
      changeDefinition(this.database, old, now);
      return now;
    });
    this.#tables.set(definition.name, table);
    return table;
  }

  #reopened(name: string): Table {
    const row = this.#rows().find((each) => each.definition.name === name);
    if (row === undefined) throw new Error(`the table ${name} was not stored`);
    return this.#open(row);
  }

  drop(table: Table): void {
    this.transaction(() => {
      this.database.exec(`DROP TABLE dynamodb_items_${table.id}`);
      for (const name of table.indexes.keys()) {
        this.database.exec(`DROP TABLE ${IndexStore.tableName(table.id, name)}`);
      }
      this.database.prepare("DELETE FROM dynamodb_table WHERE id = ?").run(table.id);
    });
    this.#tables.delete(table.definition.name);
  }

  /** Runs writes as one atomic, durable step that an exception rolls back. */
  transaction<T>(work: () => T): T {
    this.#written.clear();
    const result = this.#transaction(work);
    this.#notify();
    return result;
  }

  #notify(): void {
    if (this.#written.size === 0) return;
    const arns = [...this.#written];
    this.#written.clear();
    // Runs after the response, so that an exception of a listener does not look like a failed write.
    queueMicrotask(() => {
      for (const arn of arns) for (const listener of this.#listeners) listener(arn);
    });
  }

  listen(listener: (streamArn: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
