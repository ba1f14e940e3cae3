import type { DatabaseSync, StatementSync } from "node:sqlite";
import { itemSize, sameItem } from "./attribute-order.ts";
import { attributeOf, validationError, type Item } from "./attribute-value.ts";
import { capacityUnits, WRITE_UNIT_BYTES, type Consumed } from "./capacity.ts";
import { IndexStore } from "./index-store.ts";
import { keyOfItem, pickKey, type ItemKey } from "./item-key.ts";
import { readItemText, RowReader, type Row } from "./row-reader.ts";
import type { StreamLog } from "./stream-log.ts";
import type { TableDefinition } from "./table-definition.ts";

/** Developer Guide, "Quotas": an item has at most 400 KB, including attribute names. */
const MAX_ITEM_BYTES = 400 * 1024;
/** Developer Guide, "TTL": an item whose expiry lies more than five years in the past is not deleted. */
const TTL_HORIZON_SECONDS = 5 * 365 * 86_400;

export interface Write {
  key: ItemKey;
  before: Row | undefined;
  /** Undefined if the write deletes the item. */
  after: Item | undefined;
  /** Whether the item was deleted by time to live. */
  expired?: boolean;
}

/** The items, indexes and stream of one table. Writes must run inside a transaction. */
export class Table {
  readonly definition: TableDefinition;
  readonly id: number;
  readonly createdAt: number;
  readonly stream: StreamLog | null;
  readonly indexes: ReadonlyMap<string, IndexStore>;
  readonly reader: RowReader;
  readonly #get: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #expired: StatementSync;
  readonly #count: StatementSync;

  constructor(
    database: DatabaseSync,
    row: { id: number; createdAt: number },
    definition: TableDefinition,
    stream: StreamLog | null,
  ) {
    const name = `dynamodb_items_${row.id}`;
    // With a rowid, because items of a kilobyte or more are then written twice as fast as in a WITHOUT ROWID table.
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${name} (pk BLOB NOT NULL, sk BLOB NOT NULL, item TEXT NOT NULL, size INTEGER NOT NULL, ttl INTEGER, PRIMARY KEY (pk, sk)) STRICT;
       CREATE INDEX IF NOT EXISTS ${name}_ttl ON ${name} (ttl) WHERE ttl IS NOT NULL`,
    );
    this.definition = definition;
    this.id = row.id;
    this.createdAt = row.createdAt;
    this.stream = stream;
    this.indexes = new Map(
      definition.indexes.map((index) => [
        index.name,
        new IndexStore(database, row.id, definition.keys, index),
      ]),
    );
    this.reader = new RowReader(database, name, ["pk", "sk"]);
    this.#get = database.prepare(`SELECT item, size FROM ${name} WHERE pk = ? AND sk = ?`);
    this.#insert = database.prepare(`INSERT INTO ${name} (item, size, ttl, pk, sk) VALUES (?, ?, ?, ?, ?)`);
    this.#update = database.prepare(`UPDATE ${name} SET item = ?, size = ?, ttl = ? WHERE pk = ? AND sk = ?`);
    this.#delete = database.prepare(`DELETE FROM ${name} WHERE pk = ? AND sk = ?`);
    this.#expired = database.prepare(
      `SELECT item, size FROM ${name} WHERE ttl IS NOT NULL AND ttl <= ? AND ttl > ? ORDER BY ttl LIMIT ?`,
    );
    this.#count = database.prepare(`SELECT count(*) AS items, coalesce(sum(size), 0) AS bytes FROM ${name}`);
  }

  get(key: ItemKey): Row | undefined {
    const row = this.#get.get(key.hash, key.range);
    return row === undefined ? undefined : { item: readItemText(row["item"]), size: Number(row["size"]) };
  }

  /** Exact numbers of items and bytes. */
  statistics(): { items: number; bytes: number } {
    const row = this.#count.get();
    return { items: Number(row?.["items"] ?? 0), bytes: Number(row?.["bytes"] ?? 0) };
  }

  /** Up to `limit` items whose time to live had passed at `seconds`. */
  expiredItems(seconds: number, limit: number): Row[] {
    return this.#expired
      .all(seconds, seconds - TTL_HORIZON_SECONDS, limit)
      .map((row) => ({ item: readItemText(row["item"]), size: Number(row["size"]) }));
  }

  expiryOf(item: Item): number | null {
    const name = this.definition.ttlAttribute;
    const value = name === null ? undefined : attributeOf(item, name);
    const seconds = value !== undefined && "N" in value ? Math.floor(Number(value.N)) : null;
    // A number too large to be a time never expires.
    return Number.isSafeInteger(seconds) ? seconds : null;
  }

  /** Writes or deletes one item, its index rows and its stream record. A write that changes nothing adds no record. */
  write({ key, before, after, expired = false }: Write): Consumed {
    const size = after === undefined ? 0 : itemSize(after);
    if (size > MAX_ITEM_BYTES) {
      throw validationError("Item size has exceeded the maximum allowed size");
    }
    const consumed: Consumed = {
      table: capacityUnits(Math.max(size, before?.size ?? 0), WRITE_UNIT_BYTES),
      indexes: new Map(),
    };
    if (before === undefined ? after === undefined : after !== undefined && sameItem(before.item, after)) {
      return consumed;
    }
    if (after === undefined) this.#delete.run(key.hash, key.range);
    else {
      const statement = before === undefined ? this.#insert : this.#update;
      statement.run(JSON.stringify(after), size, this.expiryOf(after), key.hash, key.range);
    }
    for (const [name, index] of this.indexes) {
      const units = index.follow(key, before?.item, after);
      if (units > 0) consumed.indexes.set(name, units);
    }
    const keys = pickKey(this.definition.keys, after ?? before?.item ?? {});
    this.stream?.append({ keys, before: before?.item, after, expired });
    return consumed;
  }

  keyOf(item: Item): ItemKey {
    return keyOfItem(this.definition.keys, item);
  }
}
