import { isWorkspaceId } from "./ids.ts";
import { type Problem, problems } from "./problem.ts";

/** Who calls, by the claims of a token that the authoriser has verified. Scopes carry no prefix. */
export interface Caller {
  subject: string;
  workspaces: "*" | readonly string[];
  scopes: readonly string[];
}

/** Claims by name. HTTP API hands each to a function as text, arrays flattened as `"[ws_1 ws_2]"`. */
export type Claims = Readonly<Record<string, unknown>>;

/** Splits a claim: text with spaces or commas, a JSON array, or an array that HTTP API flattened. */
function listClaim(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.filter((value) => typeof value === "string");
  if (typeof claim !== "string") return [];
  return claim
    .replace(/^\s*\[|\]\s*$/g, "")
    .split(/[\s,"]+/)
    .filter((value) => value !== "");
}

/** Reads claims; what is missing or malformed gives no right. */
export function callerOfClaims(claims: Claims | undefined, scopePrefix: string): Caller {
  const workspaces = listClaim(claims?.["workspaces"]);
  const subject = claims?.["sub"];
  return {
    subject: typeof subject === "string" ? subject : "",
    workspaces: workspaces.includes("*") ? "*" : workspaces.filter(isWorkspaceId),
    scopes: listClaim(claims?.["scope"])
      .filter((scope) => scope.startsWith(scopePrefix))
      .map((scope) => scope.slice(scopePrefix.length)),
  };
}

/**
 * `undefined` when the caller may. A foreign workspace gets the same answer whether or not it exists.
 */
export function authorise(caller: Caller, workspace: string, scope: string): Problem | undefined {
  if (!caller.scopes.includes(scope)) return problems.missingScope(scope);
  if (caller.workspaces === "*") {
    return isWorkspaceId(workspace) ? undefined : problems.unknownWorkspace();
  }
  return caller.workspaces.includes(workspace) ? undefined : problems.forbiddenWorkspace();
}

/** `undefined` when the caller is an operator with the scope. */
export function authoriseOperator(caller: Caller, workspace: string, scope: string): Problem | undefined {
  const refusal = authorise(caller, workspace, scope);
  if (refusal !== undefined) return refusal;
  return caller.workspaces === "*" ? undefined : problems.operatorOnly();
}
