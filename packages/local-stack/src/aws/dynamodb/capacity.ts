/** What calls are charged by: "DynamoDB read and write operations" in the Developer Guide. */
export const WRITE_UNIT_BYTES = 1024;
export const READ_UNIT_BYTES = 4096;

/** Whole units for a size; an absent item costs one. */
export function capacityUnits(bytes: number, unitBytes: number): number {
  return Math.max(1, Math.ceil(bytes / unitBytes));
}

/** Units of one read; an eventually consistent one costs half. */
export function readUnits(bytes: number, consistent: boolean): number {
  return capacityUnits(bytes, READ_UNIT_BYTES) * (consistent ? 1 : 0.5);
}

/** Units by table and index that one call took. */
export interface Consumed {
  table: number;
  indexes: Map<string, number>;
}

export type CapacityMode = "INDEXES" | "TOTAL" | "NONE" | undefined;

/** The `ConsumedCapacity` of a table in an answer; nothing unless asked for. */
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

/** Adds up what several items of a call took, table by table. */
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

  /** `{ ConsumedCapacity: […] }` when asked for. */
  answer(mode: CapacityMode): { ConsumedCapacity?: Record<string, unknown>[] } {
    const list = [...this.#tables]
      .map(([name, consumed]) => consumedCapacity(mode, name, consumed))
      .filter((each) => each !== undefined);
    return mode === undefined || mode === "NONE" ? {} : { ConsumedCapacity: list };
  }
}
