/** The sizes by which calls are charged: Developer Guide, "DynamoDB read and write operations". */
export const WRITE_UNIT_BYTES = 1024;
export const READ_UNIT_BYTES = 4096;

/** Whole units for a size; a missing item costs one. */
export function capacityUnits(bytes: number, unitBytes: number): number {
  return Math.max(1, Math.ceil(bytes / unitBytes));
}

/** Units of one read; an eventually consistent one costs half. */
export function readUnits(bytes: number, consistent: boolean): number {
  return capacityUnits(bytes, READ_UNIT_BYTES) * (consistent ? 1 : 0.5);
}

/** The units that one call consumed, by table and index. */
export interface Consumed {
  table: number;
  indexes: Map<string, number>;
}

export type CapacityMode = "INDEXES" | "TOTAL" | "NONE" | undefined;

/** The `ConsumedCapacity` of a table in a response; nothing unless the caller asked for it. */
export function consumedCapacity(
  mode: CapacityMode,
  tableName: string,
  consumed: Consumed,
): Record<string, unknown> | undefined {
  if (mode === undefined || mode === "NONE") return undefined;
  const total = [...consumed.indexes.values()].reduce((sum, units) => sum + units, consumed.table);
  if (mode === "TOTAL") return { TableName: tableName, CapacityUnits: total };
  const indexes = [...consumed.indexes].map(([name, units]) => [name, { CapacityUnits: units }] as const);
  return {
    TableName: tableName,
    CapacityUnits: total,
    Table: { CapacityUnits: consumed.table },
    ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexes: Object.fromEntries(indexes) }),
  };
}

/** Sums up the units of several items of a call for each table. */
export class CapacityMeter {
  readonly #tables = new Map<string, Consumed>();

  add(tableName: string, consumed: Consumed, factor = 1): void {
    const sum = this.#tables.get(tableName) ?? { table: 0, indexes: new Map<string, number>() };
    sum.table += consumed.table * factor;
    for (const [name, units] of consumed.indexes) {
      sum.indexes.set(name, (sum.indexes.get(name) ?? 0) + units * factor);
    }
    this.#tables.set(tableName, sum);
  }

  /** `{ ConsumedCapacity: […] }` if the caller asked for it. */
  answer(mode: CapacityMode): { ConsumedCapacity?: Record<string, unknown>[] } {
    const list = [...this.#tables]
      .map(([name, consumed]) => consumedCapacity(mode, name, consumed))
      .filter((each) => each !== undefined);
    return mode === undefined || mode === "NONE" ? {} : { ConsumedCapacity: list };
  }
}
