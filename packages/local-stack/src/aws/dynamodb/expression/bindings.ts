import * as z from "zod";
import { isRecord, parseValue, validationError, type AttributeValue } from "../attribute-value.ts";
import { expressionError, type ExpressionKind } from "./expression-text.ts";
import type { Parsed } from "./parse-condition.ts";
import type { Path } from "./syntax-tree.ts";

/** A document path with its `#names` replaced. */
export type ResolvedPath = readonly (string | number)[];

const NAME = /^#[A-Za-z0-9_]+$/;
const VALUE = /^:[A-Za-z0-9_]+$/;

export const bindingFields = {
  ExpressionAttributeNames: z.record(z.string(), z.string()).optional(),
  ExpressionAttributeValues: z.custom<Record<string, unknown>>(isRecord).optional(),
};
export interface BindingInput {
  ExpressionAttributeNames?: Record<string, string> | undefined;
  ExpressionAttributeValues?: Record<string, unknown> | undefined;
}

function checkKeys(field: string, keys: readonly string[], form: RegExp): void {
  if (keys.length === 0) throw validationError(`${field} must not be empty`);
  const bad = keys.find((key) => !form.test(key));
  if (bad !== undefined) {
    throw validationError(`${field} contains invalid key: Syntax error; key: "${bad}"`);
  }
}

function unusedKeys(keys: Iterable<string>, expressions: readonly ReadonlySet<string>[]): string[] {
  return [...keys].filter((key) => !expressions.some((used) => used.has(key)));
}

/** The values of the placeholders in a request's expressions. */
export class Bindings {
  readonly #names: ReadonlyMap<string, string>;
  readonly #values: ReadonlyMap<string, AttributeValue>;

  constructor(input: BindingInput, expressions: readonly (Parsed<unknown> | undefined)[]) {
    const used = expressions.filter((expression) => expression !== undefined);
    this.#names = new Map(Object.entries(input.ExpressionAttributeNames ?? {}));
    this.#values = Bindings.#readValues(input);
    this.#checkFields(input, used.length > 0);
    for (const expression of used) this.#checkDefined(expression);
    this.#checkUnused(used);
  }

  static #readValues(input: BindingInput): ReadonlyMap<string, AttributeValue> {
    const entries = Object.entries(input.ExpressionAttributeValues ?? {});
    return new Map(entries.map(([key, value]) => [key, parseValue(value)]));
  }

  #checkFields(input: BindingInput, hasExpressions: boolean): void {
    const fields = [
      ["ExpressionAttributeNames", input.ExpressionAttributeNames, NAME],
      ["ExpressionAttributeValues", input.ExpressionAttributeValues, VALUE],
    ] as const;
    for (const [field, given, form] of fields) {
      if (given === undefined) continue;
      if (!hasExpressions) throw validationError(`${field} can only be specified when using expressions`);
      checkKeys(field, Object.keys(given), form);
    }
  }

  #checkDefined({ kind, names, values }: Parsed<unknown>): void {
    for (const name of names) {
      if (this.#names.has(name)) continue;
      throw expressionError(
        kind,
        `An expression attribute name used in the document path is not defined; attribute name: ${name}`,
      );
    }
    for (const value of values) {
      if (this.#values.has(value)) continue;
      throw expressionError(
        kind,
        `An expression attribute value used in expression is not defined; attribute value: ${value}`,
      );
    }
  }

  #checkUnused(used: readonly Parsed<unknown>[]): void {
    const fields = [
      [
        "ExpressionAttributeNames",
        unusedKeys(
          this.#names.keys(),
          used.map((each) => each.names),
        ),
      ],
      [
        "ExpressionAttributeValues",
        unusedKeys(
          this.#values.keys(),
          used.map((each) => each.values),
        ),
      ],
    ] as const;
    for (const [field, keys] of fields) {
      if (keys.length > 0) {
        throw validationError(`Value provided in ${field} unused in expressions: keys: {${keys.join(", ")}}`);
      }
    }
  }

  value(placeholder: string): AttributeValue {
    const value = this.#values.get(placeholder);
    if (value === undefined) throw new Error(`${placeholder} was not checked`);
    return value;
  }

  path(path: Path): ResolvedPath {
    return path.map((step) => {
      if ("index" in step) return step.index;
      return "name" in step ? step.name : (this.#names.get(step.placeholder) ?? "");
    });
  }
}

/** A path as error messages show it: `[a, [0], b]`. */
export function showPath(path: ResolvedPath): string {
  return `[${path.map((step) => (typeof step === "number" ? `[${step}]` : step)).join(", ")}]`;
}

/** Refuses a path that begins with another of the paths. */
export function checkOverlap(kind: ExpressionKind, paths: readonly ResolvedPath[]): void {
  for (const [position, path] of paths.entries()) {
    for (const other of paths.slice(position + 1)) {
      const common = Math.min(path.length, other.length);
      const differs = path.slice(0, common).findIndex((step, index) => step !== other[index]);
      const two = `path one: ${showPath(path)}, path two: ${showPath(other)}`;
      if (differs === -1) {
        const advice = "must remove or rewrite one of these paths";
        throw expressionError(kind, `Two document paths overlap with each other; ${advice}; ${two}`);
      }
      if (typeof path[differs] !== typeof other[differs]) {
        const advice = "must remove or rewrite one of these paths";
        throw expressionError(kind, `Two document paths conflict with each other; ${advice}; ${two}`);
      }
    }
  }
}
