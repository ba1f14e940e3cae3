import { UnknownTemplateError } from "../errors.ts";
import type { Json } from "../template/template.ts";

/** Whether a filter or rule matches an event. */
export type EventPattern = (event: unknown) => boolean;

type Matcher = (value: unknown, exists: boolean) => boolean;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An array in the event matches if one of its elements does. */
const anyOf =
  (test: (value: unknown) => boolean): Matcher =>
  (value, exists) =>
    exists && (Array.isArray(value) ? value.some(test) : test(value));

const OPERATORS: Readonly<Record<string, (argument: Json) => Matcher | undefined>> = {
  exists: (argument) => (_, exists) => exists === argument,
  prefix: (argument) =>
    typeof argument === "string"
      ? anyOf((value) => typeof value === "string" && value.startsWith(argument))
      : undefined,
  suffix: (argument) =>
    typeof argument === "string"
      ? anyOf((value) => typeof value === "string" && value.endsWith(argument))
      : undefined,
  "anything-but": (argument) => {
    const refused: unknown[] = [argument].flat();
    if (refused.some((value) => typeof value === "object")) return undefined;
    return anyOf((value) => !refused.includes(value));
  },
  "equals-ignore-case": (argument) =>
    typeof argument === "string"
      ? anyOf((value) => typeof value === "string" && value.toLowerCase() === argument.toLowerCase())
      : undefined,
};

function matcherOf(where: string, wanted: Json): Matcher {
  if (typeof wanted !== "object" || wanted === null) return anyOf((value) => value === wanted);
  const [operator = "", argument = null] = Array.isArray(wanted) ? [] : (Object.entries(wanted)[0] ?? []);
  const matcher = OPERATORS[operator]?.(argument);
  if (matcher === undefined) throw new UnknownTemplateError(where, `event pattern ${JSON.stringify(wanted)}`);
  return matcher;
}

function compile(where: string, pattern: Json): Matcher {
  if (Array.isArray(pattern)) {
    const matchers = pattern.map((wanted) => matcherOf(where, wanted));
    return (value, exists) => matchers.some((matcher) => matcher(value, exists));
  }
  if (typeof pattern !== "object" || pattern === null) {
    throw new UnknownTemplateError(where, `event pattern ${JSON.stringify(pattern)}`);
  }
  const fields = Object.entries(pattern).map(([name, inner]) => [name, compile(where, inner)] as const);
  if (fields.some(([name]) => name.startsWith("$")))
    throw new UnknownTemplateError(where, "event pattern with $or");
  return (value) =>
    fields.every(([name, matcher]) => {
      const record = isRecord(value) ? value : {};
      return matcher(record[name], record[name] !== undefined);
    });
}

/** @throws UnknownTemplateError for an operator that the runtime does not know */
export function compilePattern(where: string, pattern: Json): EventPattern {
  const matcher = compile(where, pattern);
  return (event) => matcher(event, true);
}

/** An event passes if any of the patterns matches, or if there is none. */
export function compileFilters(where: string, patterns: readonly Json[]): EventPattern {
  if (patterns.length === 0) return () => true;
  const compiled = patterns.map((pattern) => compilePattern(where, pattern));
  return (event) => compiled.some((pattern) => pattern(event));
}
