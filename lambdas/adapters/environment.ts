import { parseJson } from "../core/base/json.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";

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

/** Reads a function's environment by the names of `core/base/environment.ts`. */
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

/** The environment of this process: no other file of the functions reads it. */
export function processEnvironment(): Environment {
  return readEnvironment(process.env);
}
