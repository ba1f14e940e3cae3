import { parseJson } from "../core/base/json.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";
import { withoutForeignText } from "./describe-error.ts";

/** A function's environment lacks a name or holds what its schema refuses: the stack and the code are of different versions. */
export class EnvironmentError extends TrailcastError {
  override name = "EnvironmentError";
  constructor(name: string, fault: "missing" | "malformed") {
    super(`Environment variable ${name} is ${fault}`);
  }
}

interface Schema<Value> {
  safeParse(value: unknown): { success: true; data: Value } | { success: false };
}

/** Reads a function's environment by the names of `core/environment.ts`. */
export interface Environment {
  text(name: string): string;
  textOr(name: string, fallback: string): string;
  number(name: string): number;
  json<Value>(name: string, schema: Schema<Value>): Value;
  jsonOr<Value>(name: string, schema: Schema<Value>, fallback: Value): Value;
}

export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const text = (name: string): string => {
    const value = variables[name];
    if (value === undefined) throw new EnvironmentError(name, "missing");
    return value;
  };
  const json = <Value>(name: string, schema: Schema<Value>): Value => {
    const parsed = schema.safeParse(parseJson(text(name)));
    if (!parsed.success) throw new EnvironmentError(name, "malformed");
    return parsed.data;
  };
  return {
    text,
    textOr: (name, fallback) => variables[name] ?? fallback,
    number: (name) => {
      const value = Number(text(name));
      if (!Number.isFinite(value)) throw new EnvironmentError(name, "malformed");
      return value;
    },
    json,
    jsonOr: (name, schema, fallback) => (variables[name] === undefined ? fallback : json(name, schema)),
  };
}

/**
 * A Lambda handler that is built from the environment on its first call, so that importing its module reads nothing.
 * What it throws carries no text but ours: Lambda writes it to the function's log.
 */
export function createEntryPoint<Event, Context, Answer>(
  build: (environment: Environment) => (event: Event, context: Context) => Promise<Answer>,
): (event: Event, context: Context) => Promise<Answer> {
  let handler: ((event: Event, context: Context) => Promise<Answer>) | undefined;
  return async (event, context) => {
    try {
      handler ??= build(readEnvironment(process.env));
      return await handler(event, context);
    } catch (error) {
      throw withoutForeignText(error);
    }
  };
}
