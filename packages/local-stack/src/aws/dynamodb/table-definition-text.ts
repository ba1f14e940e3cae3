import * as z from "zod";
import type { TableDefinition } from "./table-definition.ts";

const keyAttribute = z.object({ name: z.string(), type: z.enum(["S", "N", "B"]) });
const keys = z
  .object({ hash: keyAttribute, range: keyAttribute.optional() })
  .transform(({ hash, range }) => ({ hash, range }));
const storedSchema = z.object({
  name: z.string(),
  keys,
  indexes: z.array(
    z.object({
      name: z.string(),
      keys,
      projection: z.enum(["ALL", "KEYS_ONLY", "INCLUDE"]),
      included: z.array(z.string()),
    }),
  ),
  streamView: z.enum(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]).nullable(),
  ttlAttribute: z.string().nullable(),
});

/** Reads a definition that an earlier run stored. */
export function readStoredDefinition(text: string): TableDefinition {
  return storedSchema.parse(JSON.parse(text));
}
