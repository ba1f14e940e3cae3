import { isDeepStrictEqual } from "node:util";
import * as z from "zod/mini";

/**
 * What a change of a field does to deliveries.
 *
 * - `supersede`: the field decides what a request carries. A pending batch that was built before is closed as superseded and built
 *   again, and a lane that waits for its next attempt makes it at once.
 * - `retry`: the same request may end differently now, so that a lane that waits for its next attempt makes it at once.
 * - `none`: deliveries do not depend on the field.
 */
export type ChangeEffect = "supersede" | "retry" | "none";

/** What the acceptance of a value depends on besides the value. */
export interface Surroundings {
  /** Whether `https://127.0.0.1:<port>` may be a destination. */
  allowance: { loopback: boolean };
  settings: { eventTypePrefix: string };
}

/** A field that is read back as it was sent: the destination's row keeps it under the field's name. */
export interface RowField<Value> {
  /** Of a request that leaves the field out, and of a row that was written before there was such a field; `undefined`: it is required. */
  fallback: Value | undefined;
  /** The value as it is kept; throws `RefusedError` for one that has the right form and still is not allowed. */
  accept(value: Value, surroundings: Surroundings): Value;
  isSame(value: Value, other: Value): boolean;
  onChange: ChangeEffect;
  /** Whether the audit event of a creation holds the value, which then must not be a credential. */
  audited: boolean;
  example: Value;
}

/** A write-only field: the destination's secret keeps the value, the row only what an answer may show of it. */
export interface SecretField<Value, Change, Trace, Shown> {
  /** The attribute of the row for what may be shown. */
  attribute: string;
  /** Of a request that leaves the field out, and of a secret that was written before there was such a field. */
  fallback: Value;
  /** Throws `RefusedError` for a value that has the right form and still is not allowed. */
  accept(value: Value): Value;
  /** The value after a change, before it is accepted; throws `RefusedError` for a change that does not fit what is there. */
  merge(current: Value, change: Change): Value;
  /** Stored values that a change leaves as they are, as a request names them. The change is missing when it does not name the field. */
  keeps(trace: Trace, change: Change | null | undefined): string[];
  /** What the row keeps. */
  traceOf(value: Value): Trace;
  /** What the audit events of a creation and of a change of the field hold of it, if anything: never a value. */
  audit?(trace: Trace): unknown;
  /** What an answer shows. */
  show(trace: Trace): Shown;
  /** Every change that names the field counts: a comparison with the value would let callers guess it. */
  onChange: ChangeEffect;
  example: Trace;
}

interface Schemas<Posted, Kept> {
  /** What an owner may send. */
  posted: Posted;
  /** What the row keeps and answers show: the form alone, so that a rule that becomes stricter leaves older rows readable. */
  kept: Kept;
}

type Rules<Value> = Pick<RowField<Value>, "onChange" | "example"> &
  Partial<Pick<RowField<Value>, "accept" | "isSame" | "audited">>;

/** A field that every destination has. */
export function requiredField<Posted extends z.core.$ZodType, Kept extends z.core.$ZodType>({
  posted,
  kept,
  ...rules
}: Schemas<Posted, Kept> & Rules<z.core.output<Kept>>) {
  return {
    ...withDefaults<z.core.output<Kept>>(rules),
    request: posted,
    change: z.optional(posted),
    row: kept,
    answer: kept,
    fallback: undefined,
  };
}

/** A field that may be left out of a request; `null` in a change goes back to the fallback. */
export function optionalField<Posted extends z.core.$ZodType, Kept extends z.core.$ZodType>({
  posted,
  kept,
  fallback,
  ...rules
}: Schemas<Posted, Kept> &
  Rules<z.core.output<Kept>> & {
    fallback: z.core.util.NoUndefined<z.core.output<Posted>> & z.core.util.NoUndefined<z.core.output<Kept>>;
  }) {
  return {
    ...withDefaults<z.core.output<Kept>>(rules),
    request: z._default(posted, fallback),
    change: z.optional(z.nullable(posted)),
    row: z._default(kept, fallback),
    answer: kept,
    fallback,
  };
}

function withDefaults<Value>(rules: Rules<Value>): Omit<RowField<Value>, "fallback"> {
  return { accept: (value) => value, isSame: isDeepStrictEqual, audited: false, ...rules };
}
