import { UnknownTemplateError } from "../errors.ts";
import { wildcard } from "./patterns.ts";

/** The values of a condition key (in lower case) for a call. Called only if a policy uses the key. */
export type CallContext = (key: string) => readonly string[] | undefined;

/** Whether a call meets one condition of a statement. */
export type Condition = (context: CallContext) => boolean;

/** The condition keys that calls to the local services provide. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  "aws:securetransport",
  "aws:sourcearn",
  "aws:sourceaccount",
  "aws:principalarn",
  "aws:principalaccount",
  "aws:principalisawsservice",
  "aws:requestedregion",
  "aws:resourceaccount",
  "dynamodb:attributes",
  "dynamodb:enclosingoperation",
  "dynamodb:leadingkeys",
  "dynamodb:returnvalues",
  "dynamodb:select",
  "events:detail-type",
  "events:source",
  "s3:prefix",
  "s3:tlsversion",
  "secretsmanager:name",
]);

type Comparison = (actual: string, wanted: string) => boolean;

const equalsText: Comparison = (actual, wanted) => actual === wanted;
const likeText: Comparison = (actual, wanted) => wildcard(wanted).test(actual);

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: equalsText,
  StringEqualsIgnoreCase: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  StringLike: likeText,
  ArnEquals: likeText,
  ArnLike: likeText,
  Bool: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  NumericEquals: (actual, wanted) => Number(actual) === Number(wanted),
  NumericLessThan: (actual, wanted) => Number(actual) < Number(wanted),
  NumericLessThanEquals: (actual, wanted) => Number(actual) <= Number(wanted),
  NumericGreaterThan: (actual, wanted) => Number(actual) > Number(wanted),
  NumericGreaterThanEquals: (actual, wanted) => Number(actual) >= Number(wanted),
};

/** The negated operators, with the operators that they negate. */
const NEGATED: Readonly<Record<string, string>> = {
  StringNotEquals: "StringEquals",
  StringNotEqualsIgnoreCase: "StringEqualsIgnoreCase",
  StringNotLike: "StringLike",
  ArnNotEquals: "ArnEquals",
  ArnNotLike: "ArnLike",
  NumericNotEquals: "NumericEquals",
};

const SET_OPERATOR = /^(ForAllValues|ForAnyValue):/;

interface Operator {
  set: "all" | "any" | undefined;
  ifExists: boolean;
  negated: boolean;
  compare: Comparison;
}

function parseOperator(where: string, name: string): Operator {
  const set = SET_OPERATOR.exec(name)?.[1];
  const bare = name.replace(SET_OPERATOR, "").replace(/IfExists$/, "");
  const compare = COMPARISONS[NEGATED[bare] ?? bare];
  if (compare === undefined) throw new UnknownTemplateError(where, `policy condition operator ${name}`);
  return {
    set: set === undefined ? undefined : set === "ForAllValues" ? "all" : "any",
    ifExists: name.endsWith("IfExists"),
    negated: NEGATED[bare] !== undefined,
    compare,
  };
}

/**
 * IAM's rules for missing keys: `IfExists`, negated operators and `ForAllValues` are true, and everything else is
 * false.
 */
function meets(
  operator: Operator,
  actual: readonly string[] | undefined,
  wanted: readonly string[],
): boolean {
  if (actual === undefined || actual.length === 0) {
    return operator.ifExists || operator.set === "all" || (operator.negated && operator.set === undefined);
  }
  const matches = (value: string): boolean =>
    wanted.some((candidate) => operator.compare(value, candidate)) !== operator.negated;
  return operator.set === "any" ? actual.some(matches) : actual.every(matches);
}

/** @throws UnknownTemplateError for an operator or a key that the runtime does not evaluate */
export function parseCondition(
  where: string,
  name: string,
  key: string,
  wanted: readonly string[],
): Condition {
  const lower = key.toLowerCase();
  if (!KNOWN_KEYS.has(lower)) throw new UnknownTemplateError(where, `policy condition key ${key}`);
  if (name === "Null") {
    const absent = wanted[0] === "true";
    return (context) => ((context(lower) ?? []).length === 0) === absent;
  }
  const operator = parseOperator(where, name);
  return (context) => meets(operator, context(lower), wanted);
}
