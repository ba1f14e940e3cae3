import * as z from "zod/mini";

/**
 * The schema of a row some of whose attributes had other names in earlier versions (`{ oldName: "newName" }`). A row that was written
 * under an old name is read as if it had the new one; where both are present the new one counts. Rows are written under new names only.
 */
export function renamedAttributes<Row extends z.ZodMiniType>(
  schema: Row,
  names: Readonly<Record<string, string>>,
): z.ZodMiniPipe<z.ZodMiniTransform, Row> {
  const rename = (row: unknown): unknown => {
    if (typeof row !== "object" || row === null || !Object.keys(names).some((name) => name in row))
      return row;
    const renamed = Object.entries(row).map(([name, value]) => [names[name] ?? name, value]);
    return { ...Object.fromEntries(renamed), ...row };
  };
  return z.pipe(z.transform(rename), schema);
}
