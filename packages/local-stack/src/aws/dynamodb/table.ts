import type { DatabaseSync, StatementSync } from "node:sqlite";
import { itemSize, sameItem } from "./attribute-order.ts";
import { attributeOf, validationError, type Item } from "./attribute-value.ts";
import { capacityUnits, WRITE_UNIT_BYTES, type Consumed } from "./capacity.ts";
import { IndexStore } from "./index-store.ts";
import { keyOfItem, pickKey, type ItemKey } from "./item-key.ts";
import { readItemText, RowReader, type Row } from "./row-reader.ts";
import type { StreamLog } from "./stream-log.ts";
import type { TableDefinition } from "./table-definition.ts";

/** Developer Guide, "Quotas": the maximum item size is 400 KB, names included. */
const MAX_ITEM_BYTES = 400 * 1024;
/** Developer Guide, "TTL": an item whose time is five years and more ago is not deleted. */
const TTL_HORIZON_SECONDS = 5 * 365 * 86_400;

export interface Write {
  key: ItemKey;
  before: Row | undefined;
  /** Undefined deletes. */
  after: Item | undefined;
  /** Deleted by time to live. */
  expired?: boolean;
}

/** One table's items, indexes and stream. Writes must run inside a transaction. */
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
    // With a rowid: items of a kilobyte and more are written twice as fast as in a WITHOUT ROWID table.
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

  /** Items and bytes, exactly. */
  statistics(): { items: number; bytes: number } {
    const row = this.#count.get();
    return { items: Number(row?.["items"] ?? 0), bytes: Number(row?.["bytes"] ?? 0) };
  }

  /** Up to `limit` items whose time to live has passed at `seconds`. */
  expiredItems(seconds: number, limit: number): Row[] {
    return this.#expired
      .all(seconds, seconds - TTL_HORIZON_SECONDS, limit)
      .map((row) => ({ item: readItemText(row["item"]), size: Number(row["size"]) }));
  }

  expiryOf(item: Item): number | null {
    const name = this.definition.ttlAttribute;
    const value = name === null ? undefined : attributeOf(item, name);
    const seconds = value !== undefined && "N" in value ? Math.floor(Number(value.N)) : null;
    // A number too big for a time never comes.
    return Number.isSafeInteger(seconds) ? seconds : null;
  }

  /** Writes or deletes one item with its index rows and stream record; a write that changes nothing leaves no record. */
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
