import * as z from "zod/mini";
import { isTimeOfFourDigitYear } from "./clock.ts";

/** What the OpenAPI document adds to the shape of a schema. A schema with an `id` becomes a component. */
export interface Documentation {
  id?: string;
  description?: string;
  examples?: unknown[];
  /** Set where it does not follow from the schema. */
  type?: "object";
  pattern?: string;
}

/** All schemas with additions for the OpenAPI document. */
export const documentation = z.registry<Documentation>();

/** Makes `schema` a component of the OpenAPI document. The example must match the schema. */
export function component<Schema extends z.core.$ZodType>(
  id: string,
  description: string,
  schema: Schema,
  ...examples: z.core.input<Schema>[]
): Schema {
  documentation.add(schema, { id, description, examples });
  return schema;
}

export function described<Schema extends z.core.$ZodType>(description: string, schema: Schema): Schema {
  documentation.add(schema, { description });
  return schema;
}

/** Text with a single error message, which says what the text must look like. */
export function text(must: string, limits: { min?: number; max: number; pattern?: RegExp }): z.ZodMiniString {
  const { min = 1, max, pattern } = limits;
  // The length is checked before the pattern, because matching may take the square of it.
  const schema = z.string(must).check(z.minLength(min, must), z.maxLength(max, { error: must, abort: true }));
  return pattern === undefined ? schema : schema.check(z.regex(pattern, must));
}

/** An integer with a single error message, which names its unit and limits. */
export function whole(unit: string, min: number, max: number): z.ZodMiniInt {
  const must = `must be a whole number of ${unit} from ${min} to ${max}`;
  return z.int(must).check(z.minimum(min, must), z.maximum(max, must));
}

export const flag = (): z.ZodMiniBoolean => z.boolean("must be true or false");

export function oneOf<const Values extends readonly string[]>(
  ...values: Values
): z.ZodMiniEnum<{ [Value in Values[number]]: Value }> {
  return z.enum(values, `must be one of ${values.map((value) => `"${value}"`).join(", ")}`);
}

const MUST_BE_TIME = "must be a time as RFC 3339 has it, such as 2026-11-23T05:00:00Z";

/** A time in a request, with any offset. */
export const time = () =>
  z.iso
    .datetime({ offset: true, error: MUST_BE_TIME })
    .check(z.refine(isTimeOfFourDigitYear, "must be in the years 0000 to 9999, as UTC has them"));

/** A time in a response: UTC with milliseconds. */
export const timestamp = () => z.iso.datetime({ precision: 3 });

/** An object without unknown properties. `what` describes its form in error messages. */
export function fields<Shape extends z.core.$ZodLooseShape>(
  what: string,
  shape: Shape,
): z.ZodMiniObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `is not a known property: there are ${Object.keys(shape).join(", ")}`
        : `must be an object: ${what}`,
  });
}

/** One page of a list. */
export function listOf<Item extends z.core.$ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: described(
      "Send it as `cursor` for the next items; `null` after the last ones",
      z.nullable(z.string()),
    ),
  });
}

export const cursorParameter = () =>
  described(
    "`nextCursor` of the answer before; it goes with the same filters only",
    text("must be the `nextCursor` of an answer to the same question", { max: 1024 }),
  );

export const limitParameter = (most: number) => described("Items in one answer", whole("items", 1, most));
