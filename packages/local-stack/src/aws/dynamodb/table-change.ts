import type { DatabaseSync } from "node:sqlite";
import { IndexStore } from "./index-store.ts";
import type { Table } from "./table.ts";
import type { IndexDefinition, TableDefinition } from "./table-definition.ts";

/** Thrown if a template changes the keys of an existing table, because its items cannot be converted. */
export class TableKeysChangedError extends Error {
  constructor(table: string) {
    super(`the table ${table} exists with another key schema; start with an empty data folder`);
    this.name = "TableKeysChangedError";
  }
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Whether an existing table already has the template's definition. */
export function isSameDefinition(left: TableDefinition, right: TableDefinition): boolean {
  return isSame(left, right);
}

function rebuildIndex(table: Table, index: IndexStore): void {
  for (const { item } of table.reader.rows({ descending: false })) {
    index.follow(table.keyOf(item), undefined, item);
  }
}

function changedIndexes(old: readonly IndexDefinition[], now: readonly IndexDefinition[]): Set<string> {
  const changed = now.filter(
    (index) => !old.some((each) => isSame(each.keys, index.keys) && each.name === index.name),
  );
  return new Set(changed.map(({ name }) => name));
}

function refreshExpiry(database: DatabaseSync, table: Table): void {
  const update = database.prepare(`UPDATE dynamodb_items_${table.id} SET ttl = ? WHERE pk = ? AND sk = ?`);
  for (const { item } of table.reader.rows({ descending: false })) {
    const key = table.keyOf(item);
    update.run(table.expiryOf(item), key.hash, key.range);
  }
}

/**
 * Converts the rows of a table from its old definition to its new one. Runs inside the transaction that stores the
 * definition.
 */
export function changeDefinition(database: DatabaseSync, old: Table, now: Table): void {
  if (!isSame(old.definition.keys, now.definition.keys)) throw new TableKeysChangedError(now.definition.name);
  const changed = changedIndexes(old.definition.indexes, now.definition.indexes);
  for (const { name } of old.definition.indexes) {
    if (!now.indexes.has(name)) database.exec(`DROP TABLE ${IndexStore.tableName(old.id, name)}`);
    else if (changed.has(name)) database.exec(`DELETE FROM ${IndexStore.tableName(old.id, name)}`);
  }
  for (const [name, index] of now.indexes) if (changed.has(name)) rebuildIndex(now, index);
  if (old.definition.ttlAttribute !== now.definition.ttlAttribute) refreshExpiry(database, now);
}
