import type { CallContext } from "./conditions.ts";
import type { Statement } from "./policy.ts";

/** The caller: a role of the template, or a service in its own name. */
export type Caller = { kind: "role"; arn: string; account: string } | { kind: "service"; name: string };

/** One action on one resource. */
export interface Call {
  /** `dynamodb:PutItem`. */
  action: string;
  /** An ARN, or `*` if the action has no resource. */
  resource: string;
  context: CallContext;
}

export type Verdict = "allowed" | "denied" | "not-allowed";

function names(statement: Statement, caller: Caller): boolean {
  const { principals } = statement;
  if (principals === undefined || principals === "*") return true;
  if (caller.kind === "service") return principals["Service"]?.includes(caller.name) ?? false;
  const root = `arn:aws:iam::${caller.account}:root`;
  return (principals["AWS"] ?? []).some((name) => ["*", root, caller.account, caller.arn].includes(name));
}

const applies = (statement: Statement, caller: Caller, call: Call): boolean =>
  statement.actions(call.action) &&
  statement.resources(call.resource) &&
  names(statement, caller) &&
  statement.conditions.every((condition) => condition(call.context));

/**
 * An explicit denial has priority over a permission, and without a permission nothing is allowed. Within an account a
 * permission of the identity's or the resource's policy is enough.
 */
export function evaluate(statements: Iterable<Statement>, caller: Caller, call: Call): Verdict {
  let verdict: Verdict = "not-allowed";
  for (const statement of statements) {
    if (statement.effect === "Allow" && verdict === "allowed") continue;
    if (!applies(statement, caller, call)) continue;
    if (statement.effect === "Deny") return "denied";
    verdict = "allowed";
  }
  return verdict;
}
