import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Item } from "./attribute-value.ts";
import type { ItemKey } from "./item-key.ts";

export interface Bound {
  value: Buffer;
  inclusive: boolean;
}

/** The rows to read: all, or those of one partition key between bounds of the sort key. */
export interface RowRange {
  hash?: Buffer;
  lower?: Bound | undefined;
  upper?: Bound | undefined;
  /** Values of all ordering columns of the row after which to continue. */
  after?: readonly Buffer[] | undefined;
  descending: boolean;
}

export interface Row {
  item: Item;
  /** Bytes of the whole item. */
  size: number;
}

/**
 * The database contains only items that were parsed before they were stored. A full check of each row would halve the
 * speed.
 */
function isItem(value: unknown): value is Item {
  return typeof value === "object" && value !== null;
}

/** Reads an item as stored in the database. */
export function readItemText(text: unknown): Item {
  const item: unknown = JSON.parse(String(text));
  if (!isItem(item)) throw new Error("a stored item is not an object");
  return item;
}

/** Reads the rows of a table or index in the order of its columns. */
export class RowReader {
  readonly #database: DatabaseSync;
  readonly #from: string;
  /** The partition column, then the ordering columns. */
  readonly #columns: readonly string[];
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, from: string, columns: readonly string[]) {
    this.#database = database;
    this.#from = from;
    this.#columns = columns;
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  *rows(range: RowRange): Generator<Row> {
    const conditions: string[] = [];
    const values: Buffer[] = [];
    const [hashColumn = "", rangeColumn = ""] = this.#columns;
    const add = (condition: string, ...bound: readonly Buffer[]): void => {
      conditions.push(condition);
      values.push(...bound);
    };
    if (range.hash !== undefined) add(`${hashColumn} = ?`, range.hash);
    if (range.lower) add(`${rangeColumn} ${range.lower.inclusive ? ">=" : ">"} ?`, range.lower.value);
    if (range.upper) add(`${rangeColumn} ${range.upper.inclusive ? "<=" : "<"} ?`, range.upper.value);
    const ordering = range.hash === undefined ? this.#columns : this.#columns.slice(1);
    if (range.after !== undefined) {
      const marks = ordering.map(() => "?").join(", ");
      add(`(${ordering.join(", ")}) ${range.descending ? "<" : ">"} (${marks})`, ...range.after);
    }
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const direction = range.descending ? "DESC" : "ASC";
    const order = ordering.map((column) => `${column} ${direction}`).join(", ");
    const sql = `SELECT item, size FROM ${this.#from} ${where} ORDER BY ${order}`;
    for (const row of this.#statement(sql).iterate(...values)) {
      yield { item: readItemText(row["item"]), size: Number(row["size"]) };
    }
  }
}

/** The lowest bytes that sort after everything with this prefix; undefined if there are none. */
export function prefixEnd(prefix: Buffer): Buffer | undefined {
  const end = Buffer.from(prefix);
  for (let index = end.length - 1; index >= 0; index -= 1) {
    const byte = end[index] ?? 0;
    if (byte < 255) {
      end[index] = byte + 1;
      return end.subarray(0, index + 1);
    }
  }
  return undefined;
}

/** The ordering columns of a row, to continue after it. */
export function orderingOf(keys: readonly ItemKey[], withHash: boolean): Buffer[] {
  const all = keys.flatMap((key) => [key.hash, key.range]);
  return withHash ? all : all.slice(1);
}
