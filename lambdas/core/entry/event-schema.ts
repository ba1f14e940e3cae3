import * as z from "zod/mini";
import { isTimeOfFourDigitYear } from "../base/clock.ts";
import { LIMITS } from "../base/limits.ts";

const CONTROL = /\p{Cc}/u;

/** CloudEvents forbids control characters and lone surrogates in attributes. */
function isPrintable(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

/** Whether JSON is nested at most `levels` deep. */
function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

/** Whether every number survives parsing and serialising unchanged. */
function hasExactNumbers(value: unknown): boolean {
  if (typeof value === "number") return isExact(value);
  return typeof value !== "object" || value === null || Object.values(value).every(hasExactNumbers);
}

const identifier = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(LIMITS.identifierCharacters),
    z.refine(isPrintable, "Leave out control characters and lone surrogates."),
  );
const name = z.string().check(z.maxLength(LIMITS.identifierCharacters), z.regex(/^[a-z][a-z0-9_]*$/));
const text = z.string();

// The object is passed on without being copied: a copy made by a schema would lose a key named `__proto__`.
const metadata = z.unknown().check(
  z.refine(isObject, { error: "Send an object.", abort: true }),
  z.refine((value) => isShallow(value, LIMITS.metadataDepth), {
    error: `Nest at most ${LIMITS.metadataDepth} levels.`,
    abort: true,
  }),
  z.refine(
    hasExactNumbers,
    "Send numbers that a 64-bit float cannot hold exactly (whole ones beyond ±(2^53 - 1)) as text.",
  ),
);

/** An event as posted. Unknown properties are refused. `time` is when it happened, in RFC 3339 with an offset. */
export const postedEventSchema = z.strictObject({
  time: z.optional(
    z.iso
      .datetime({ offset: true })
      .check(z.refine(isTimeOfFourDigitYear, "Send a time in the years 0000 to 9999, as UTC has them.")),
  ),
  category: name,
  action: name,
  actor: z.strictObject({
    type: identifier,
    id: identifier,
    name: z.optional(text),
    email: z.optional(text),
  }),
  target: z.optional(z.strictObject({ type: identifier, id: identifier, name: z.optional(text) })),
  description: z.optional(z.nullable(text)),
  metadata: z.optional(metadata),
  context: z.optional(
    z.strictObject({
      ip: z.optional(text),
      userAgent: z.optional(text),
      requestId: z.optional(text),
    }),
  ),
});
export type PostedEvent = z.infer<typeof postedEventSchema>;

/** The body of `POST …/events`. */
export const recordRequestSchema = z.strictObject({
  events: z.array(postedEventSchema).check(z.minLength(1), z.maxLength(LIMITS.eventsPerRequest)),
});
