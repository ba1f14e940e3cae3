import type { DatabaseSync, StatementSync } from "node:sqlite";
import { itemSize } from "./attribute-order.ts";
import { attributeOf, setAttribute, type Item } from "./attribute-value.ts";
import { capacityUnits, WRITE_UNIT_BYTES } from "./capacity.ts";
import { indexKeyOf, pickKey, sameKey, type ItemKey } from "./item-key.ts";
import { RowReader } from "./row-reader.ts";
import type { IndexDefinition, Keys } from "./table-definition.ts";

/**
 * A global secondary index: the keys of its items, in the order of the index. The items themselves stay in the table.
 */
export class IndexStore {
  readonly definition: IndexDefinition;
  readonly reader: RowReader;
  readonly #tableKeys: Keys;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync, tableId: number, tableKeys: Keys, definition: IndexDefinition) {
    const table = IndexStore.tableName(tableId, definition.name);
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (hk BLOB NOT NULL, rk BLOB NOT NULL, pk BLOB NOT NULL, sk BLOB NOT NULL, PRIMARY KEY (hk, rk, pk, sk)) STRICT, WITHOUT ROWID`,
    );
    this.definition = definition;
    this.#tableKeys = tableKeys;
    this.#insert = database.prepare(`INSERT INTO ${table} (hk, rk, pk, sk) VALUES (?, ?, ?, ?)`);
    this.#delete = database.prepare(`DELETE FROM ${table} WHERE hk = ? AND rk = ? AND pk = ? AND sk = ?`);
    // CROSS JOIN makes the index the outer loop, so that the result has its order.
    const from = `${table} CROSS JOIN dynamodb_items_${tableId} USING (pk, sk)`;
    this.reader = new RowReader(database, from, ["hk", "rk", "pk", "sk"]);
  }

  /** A quoted SQL name, because index names may contain dots and hyphens. */
  static tableName(tableId: number, indexName: string): string {
    return `"dynamodb_index_${tableId}_${indexName}"`;
  }

  /** The attributes of an item that the index contains. */
  project(item: Item): Item {
    if (this.definition.projection === "ALL") return item;
    const projected = { ...pickKey(this.#tableKeys, item), ...pickKey(this.definition.keys, item) };
    for (const name of this.definition.included) {
      const value = attributeOf(item, name);
      if (value !== undefined) setAttribute(projected, name, value);
    }
    return projected;
  }

  keyOf(item: Item): ItemKey | undefined {
    return indexKeyOf(this.definition.keys, this.definition.name, item);
  }

  /** Updates the index after a write to the table. Returns the write units that this took. */
  follow(key: ItemKey, before: Item | undefined, after: Item | undefined): number {
    const oldKey = before && this.keyOf(before);
    const newKey = after && this.keyOf(after);
    if (sameKey(oldKey, newKey)) {
      if (before === undefined || after === undefined || newKey === undefined) return 0;
      const [old, now] = [this.project(before), this.project(after)];
      return JSON.stringify(old) === JSON.stringify(now) ? 0 : this.#units(now);
    }
    let units = 0;
    if (oldKey !== undefined && before !== undefined) {
      this.#delete.run(oldKey.hash, oldKey.range, key.hash, key.range);
      units += this.#units(this.project(before));
    }
    if (newKey !== undefined && after !== undefined) {
      this.#insert.run(newKey.hash, newKey.range, key.hash, key.range);
      units += this.#units(this.project(after));
    }
    return units;
  }

  #units(item: Item): number {
    return capacityUnits(itemSize(item), WRITE_UNIT_BYTES);
  }
}
