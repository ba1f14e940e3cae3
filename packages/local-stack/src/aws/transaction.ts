import type { DatabaseSync } from "node:sqlite";

/** Runs work as one atomic, durable step that an exception rolls back. It cannot be nested. */
export type Transaction = <T>(work: () => T) => T;

export function createTransaction(database: DatabaseSync): Transaction {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  return (work) => {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      rollback.run();
      throw error;
    }
  };
}
