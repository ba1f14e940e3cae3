/** The names of a table's properties, in order. */
export function namesOf<Table extends object>(table: Table): (keyof Table & string)[] {
  const names: (keyof Table & string)[] = [];
  for (const name in table) names.push(name);
  return names;
}

/**
 * Calls `make` for each property of `table`, in order, and returns the results under the same names. `Result` gives the
 * type of each result, and `table` must have all of its names, so that none is left out.
 */
export function mapEach<Result extends object>(
  table: { readonly [Name in keyof Result]: unknown },
  make: <Name extends keyof Result & string>(name: Name) => Result[Name],
): Result {
  const parts = namesOf<{ readonly [Name in keyof Result]: unknown }>(table).map((name) => ({
    [name]: make(name),
  }));
  // The types of `table` and `make` already determine the result; to TypeScript the result of `assign` is only `any`.
  return Object.assign({}, ...parts);
}

/** One part of each row of a table: of `{ a: { size: 1 } }` and `"size"`, `{ a: 1 }`. */
export function partOfEach<
  Part extends string,
  Table extends { readonly [Name in keyof Table]: Readonly<Record<Part, unknown>> },
>(table: Table, part: Part): { [Name in keyof Table]: Table[Name][Part] } {
  return mapEach<{ [Name in keyof Table]: Table[Name][Part] }>(table, (name) => table[name][part]);
}
