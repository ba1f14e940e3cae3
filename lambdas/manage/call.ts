import type * as z from "zod/mini";
import type { HttpRequest } from "../adapters/http-api.ts";
import { decodeListCursor } from "../core/reading/list-cursor.ts";
import { refusalOf } from "../core/api/refusal.ts";
import { invalidField } from "../core/base/invalid-field.ts";
import type { Caller } from "../core/api/caller.ts";
import { type Problem, problems, RefusedError } from "../core/base/problem.ts";
import { readJson } from "../core/base/request-body.ts";

/** An authorised request: its token has the operation's scope and names the workspace. */
export interface Call {
  request: HttpRequest;
  caller: Caller;
  workspace: string;
  /** Path parameters, decoded. */
  parameters: Readonly<Record<string, string>>;
}

// Ten times the body of the largest destination.
const MAX_BODY_BYTES = 64 * 1024;

/** Ends the request with a problem by throwing `RefusedError`. */
export function refuse(problem: Problem): never {
  throw new RefusedError(problem);
}

type Schema<Value> = z.core.$ZodType<Value> & {
  safeParse(input: unknown): { success: true; data: Value } | { success: false; error: z.core.$ZodError };
};

export function readBody<Value>({ request }: Call, schema: Schema<Value>): Value {
  const json = readJson(request.body, MAX_BODY_BYTES);
  if (!json.ok) refuse(json.problem);
  refusePrototype(json.value);
  return parse(json.value, schema);
}

/** Refuses a `__proto__` property, which schemas silently drop from free-form objects and which is unsafe to copy. */
function refusePrototype(body: unknown): void {
  for (const [name, value] of Object.entries(Object(body))) {
    if (Object.hasOwn(Object(value), "__proto__")) {
      refuse(invalidField(`${name}.__proto__`, "is a name that no property can have"));
    }
  }
}

/** Reads a body that is optional; without one the schema's defaults apply. */
export function readOptionalBody<Value>(call: Call, schema: Schema<Value>): Value {
  const { body } = call.request;
  return body === undefined || body.length === 0 ? parse({}, schema) : readBody(call, schema);
}

/** Reads the query parameters. Converts `limit`, which arrives as text, to a number. */
export function readQuery<Value>({ request }: Call, schema: Schema<Value>): Value {
  const { limit, ...rest } = request.query;
  if (limit === undefined) return parse(rest, schema);
  return parse({ ...rest, limit: /^-?[0-9]{1,9}$/.test(limit) ? Number(limit) : limit }, schema);
}

function parse<Value>(value: unknown, schema: Schema<Value>): Value {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : refuse(refusalOf(parsed.error));
}

/**
 * Returns where a list continues, or `undefined` at its beginning. A cursor is only accepted with the query `asked`
 * that it was given for.
 */
export function readCursor(
  cursor: string | undefined,
  asked: readonly (string | undefined)[],
): string | undefined {
  if (cursor === undefined) return undefined;
  const after = decodeListCursor(cursor, asked);
  return (
    after ?? refuse(invalidField("cursor", "must be the `nextCursor` of an answer to the same question"))
  );
}

/** Returns an id from the path. A malformed id is answered like one that does not exist. */
export function parameter(call: Call, name: "dst" | "rpl" | "whd"): string {
  const value = call.parameters[name] ?? "";
  return /^[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}$/.test(value) ? value : refuse(problems.notFound(WHAT[name]));
}

const WHAT = { dst: "destination", rpl: "replay", whd: "delivery" } as const;
