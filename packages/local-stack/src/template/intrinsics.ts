import { UnknownTemplateError } from "../errors.ts";
import type { Json, Template } from "./template.ts";

/** Values that a template refers to but does not contain. */
export interface TemplateNames {
  /** The pseudo parameters, such as `AWS::Region`. */
  pseudo: Readonly<Record<string, string>>;
  ref(logicalId: string): string;
  attribute(logicalId: string, name: string): string;
}

/** Resolves intrinsic functions. `where` names the place in errors (a logical id and type). */
export interface Resolver {
  value(where: string, value: Json): Json;
  /** Whether a condition of the template is true. */
  condition(where: string, name: string): boolean;
}

/** The intermediate value of `AWS::NoValue`. A property with this value is left out. */
const NO_VALUE: unique symbol = Symbol("AWS::NoValue");
type Resolved = Json | typeof NO_VALUE;
type Intrinsic = (context: Context, where: string, argument: Json) => Resolved;

interface Context {
  template: Template;
  names: TemplateNames;
}

const isRecord = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function textOf(where: string, what: string, value: Resolved): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new UnknownTemplateError(where, `${what} of ${JSON.stringify(value)}`);
}

function listOf(context: Context, where: string, what: string, value: Json | undefined): Json[] {
  const list = value === undefined ? undefined : resolve(context, where, value);
  if (Array.isArray(list)) return list;
  throw new UnknownTemplateError(where, `${what} of ${JSON.stringify(value)}`);
}

function refer(context: Context, where: string, name: string): Resolved {
  if (name === "AWS::NoValue") return NO_VALUE;
  if (name.startsWith("AWS::")) {
    const value = context.names.pseudo[name];
    if (value === undefined) throw new UnknownTemplateError(where, `pseudo parameter ${name}`);
    return value;
  }
  if (context.template.Resources[name] !== undefined) return context.names.ref(name);
  const parameter = context.template.Parameters[name];
  if (parameter?.Default !== undefined) return parameter.Default;
  throw new UnknownTemplateError(where, `Ref to ${name}`);
}

function attributeOf(context: Context, where: string, path: readonly string[]): string {
  const [logicalId, ...rest] = path;
  if (logicalId === undefined || rest.length === 0 || context.template.Resources[logicalId] === undefined) {
    throw new UnknownTemplateError(where, `Fn::GetAtt of ${path.join(".")}`);
  }
  return context.names.attribute(logicalId, rest.join("."));
}

function getAtt(context: Context, where: string, argument: Json): Resolved {
  const path =
    typeof argument === "string" ? argument.split(".") : listOf(context, where, "Fn::GetAtt", argument);
  return attributeOf(
    context,
    where,
    path.map((part) => textOf(where, "Fn::GetAtt", part)),
  );
}

function join(context: Context, where: string, argument: Json): Resolved {
  const [separator, list] = Array.isArray(argument) ? argument : [];
  if (typeof separator !== "string") throw new UnknownTemplateError(where, "Fn::Join without a separator");
  return listOf(context, where, "Fn::Join", list)
    .map((part) => textOf(where, "Fn::Join", part))
    .join(separator);
}

function substitute(context: Context, where: string, argument: Json): Resolved {
  const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
  if (typeof text !== "string") throw new UnknownTemplateError(where, "Fn::Sub without a text");
  return text.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    if (name.startsWith("!")) return `\${${name.slice(1)}}`;
    const own = isRecord(variables) ? variables[name] : undefined;
    if (own !== undefined) return textOf(where, "Fn::Sub", resolve(context, where, own));
    if (name.includes(".")) return attributeOf(context, where, name.split("."));
    return textOf(where, "Fn::Sub", refer(context, where, name));
  });
}

function select(context: Context, where: string, argument: Json): Resolved {
  const [index, list] = Array.isArray(argument) ? argument : [];
  const chosen = listOf(context, where, "Fn::Select", list)[Number(index)];
  if (chosen === undefined)
    throw new UnknownTemplateError(where, `Fn::Select of element ${JSON.stringify(index)}`);
  return chosen;
}

function split(context: Context, where: string, argument: Json): Resolved {
  const [separator, text] = Array.isArray(argument) ? argument : [];
  if (typeof separator !== "string" || text === undefined)
    throw new UnknownTemplateError(where, "Fn::Split of this");
  return textOf(where, "Fn::Split", resolve(context, where, text)).split(separator);
}

function choose(context: Context, where: string, argument: Json): Resolved {
  const [name, yes, no] = Array.isArray(argument) ? argument : [];
  if (typeof name !== "string" || yes === undefined || no === undefined) {
    throw new UnknownTemplateError(where, "Fn::If of this");
  }
  return resolve(context, where, namedCondition(context, where, name) ? yes : no);
}

function findInMap(context: Context, where: string, argument: Json): Resolved {
  const path = listOf(context, where, "Fn::FindInMap", argument).map((part) =>
    textOf(where, "Fn::FindInMap", part),
  );
  const [map = "", first = "", second = ""] = path;
  const value = context.template.Mappings[map]?.[first]?.[second];
  if (value === undefined) throw new UnknownTemplateError(where, `Fn::FindInMap of ${path.join(".")}`);
  return value;
}

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (context, where, argument) => refer(context, where, textOf(where, "Ref", argument)),
  "Fn::GetAtt": getAtt,
  "Fn::Join": join,
  "Fn::Sub": substitute,
  "Fn::Select": select,
  "Fn::Split": split,
  "Fn::If": choose,
  "Fn::FindInMap": findInMap,
};

function resolveRecord(context: Context, where: string, value: { [key: string]: Json }): Resolved {
  const [key, ...others] = Object.keys(value);
  if (key !== undefined && others.length === 0 && (key === "Ref" || key.startsWith("Fn::"))) {
    const intrinsic = INTRINSICS[key];
    if (intrinsic === undefined) throw new UnknownTemplateError(where, `intrinsic ${key}`);
    return intrinsic(context, where, value[key] ?? null);
  }
  const result: { [key: string]: Json } = {};
  for (const [name, inner] of Object.entries(value)) {
    const resolved = resolve(context, where, inner);
    if (resolved !== NO_VALUE) result[name] = resolved;
  }
  return result;
}

function resolve(context: Context, where: string, value: Json): Resolved {
  if (Array.isArray(value)) {
    return value.map((element) => resolve(context, where, element)).filter((element) => element !== NO_VALUE);
  }
  return isRecord(value) ? resolveRecord(context, where, value) : value;
}

function conditionList(context: Context, where: string, operator: string, argument: Json): boolean[] {
  if (!Array.isArray(argument)) throw new UnknownTemplateError(where, `${operator} of this`);
  return argument.map((inner) => holds(context, where, inner));
}

function equals(context: Context, where: string, argument: Json): boolean {
  const [left, right] = listOf(context, where, "Fn::Equals", argument);
  return left !== undefined && right !== undefined && String(left) === String(right);
}

function holds(context: Context, where: string, value: Json): boolean {
  const [operator, argument] = isRecord(value) ? (Object.entries(value)[0] ?? []) : [];
  if (operator === undefined || argument === undefined)
    throw new UnknownTemplateError(where, "a condition of this");
  switch (operator) {
    case "Condition":
      return namedCondition(context, where, textOf(where, "Condition", argument));
    case "Fn::Equals":
      return equals(context, where, argument);
    case "Fn::And":
      return conditionList(context, where, operator, argument).every(Boolean);
    case "Fn::Or":
      return conditionList(context, where, operator, argument).some(Boolean);
    case "Fn::Not":
      return !conditionList(context, where, operator, argument)[0];
    default:
      throw new UnknownTemplateError(where, `intrinsic ${operator}`);
  }
}

function namedCondition(context: Context, where: string, name: string): boolean {
  const condition = context.template.Conditions[name];
  if (condition === undefined) throw new UnknownTemplateError(where, `condition ${name}`);
  return holds(context, `condition ${name}`, condition);
}

/** Throws `UnknownTemplateError`, which names the place, for an unknown intrinsic function, reference or condition. */
export function createResolver(template: Template, names: TemplateNames): Resolver {
  const context = { template, names };
  return {
    value: (where, value) => {
      const resolved = resolve(context, where, value);
      return resolved === NO_VALUE ? null : resolved;
    },
    condition: (where, name) => namedCondition(context, where, name),
  };
}
