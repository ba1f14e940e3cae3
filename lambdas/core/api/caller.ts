import { parseJson } from "../base/json.ts";
import { isWorkspaceId } from "../base/ids.ts";
import { type Problem, problems } from "../base/problem.ts";

/** The caller, according to the claims of a token that the authoriser has verified. Scopes have no prefix here. */
export interface Caller {
  subject: string;
  workspaces: "*" | readonly string[];
  scopes: readonly string[];
}

/** Claims by name. An HTTP API passes each to a function as text, with arrays flattened as `"[ws_1 ws_2]"`. */
export type Claims = Readonly<Record<string, unknown>>;

/** Splits a claim at `separator`: text, a JSON array, or an array that an HTTP API flattened. */
function listClaim(claim: unknown, separator: RegExp): string[] {
  const list = typeof claim === "string" ? (parseJson(claim) ?? claim) : claim;
  if (Array.isArray(list)) return list.filter((value) => typeof value === "string");
  if (typeof list !== "string") return [];
  return list
    .replace(/^\[(.*)\]$/s, "$1")
    .split(separator)
    .filter((value) => value !== "");
}

/** Ids never contain a comma, but scopes may (RFC 6749, 3.3): only white space separates them. */
const BETWEEN_IDS = /[\s,]+/;
const BETWEEN_SCOPES = /\s+/;

/**
 * Reads claims. Missing or malformed claims grant nothing. An operator's asterisk must stand alone, because an HTTP API
 * flattens `["ws_1 *"]` and `["ws_1", "*"]` into the same text, and an issuer may have let a tenant choose a part of
 * it.
 */
export function callerOfClaims(claims: Claims | undefined, scopePrefix: string): Caller {
  const workspaces = listClaim(claims?.["workspaces"], BETWEEN_IDS);
  const subject = claims?.["sub"];
  return {
    subject: typeof subject === "string" ? subject : "",
    workspaces: workspaces.join() === "*" ? "*" : workspaces.filter(isWorkspaceId),
    // RFC 9068 calls the claim `scope`; Okta and Entra ID call it `scp`. An HTTP API itself reads one, then the other.
    scopes: listClaim(claims?.["scope"] ?? claims?.["scp"], BETWEEN_SCOPES)
      .filter((scope) => scope.startsWith(scopePrefix))
      .map((scope) => scope.slice(scopePrefix.length)),
  };
}

/** `undefined` if the caller has access. The problem for another's workspace is the same whether or not it exists. */
export function authorise(caller: Caller, workspace: string, scope: string): Problem | undefined {
  if (!caller.scopes.includes(scope)) return problems.missingScope(scope);
  if (caller.workspaces === "*") {
    return isWorkspaceId(workspace) ? undefined : problems.unknownWorkspace();
  }
  return caller.workspaces.includes(workspace) ? undefined : problems.forbiddenWorkspace();
}

/** `undefined` if the caller is an operator with the scope. */
export function authoriseOperator(caller: Caller, workspace: string, scope: string): Problem | undefined {
  const refusal = authorise(caller, workspace, scope);
  if (refusal !== undefined) return refusal;
  return caller.workspaces === "*" ? undefined : problems.operatorOnly();
}
