import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import type { Clock } from "../clock.ts";

/** A JWT authoriser of the template. */
export interface Authorizer {
  issuer: string;
  audience: readonly string[];
}

export type Authorization =
  | { kind: "authorized"; claims: Record<string, string>; scopes: string[] | null }
  | { kind: "unauthorized"; description: string }
  | { kind: "forbidden" };

/**
 * A claim as an HTTP API passes it to a function: text. Arrays lose their quotes and commas (`[a b]`), and objects look
 * as Go prints a map.
 */
function flatten(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatten).join(" ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `map[${Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => `${name}:${flatten(inner)}`)
    .join(" ")}]`;
}

function claimsOf(payload: JWTPayload): Record<string, string> {
  return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, flatten(value)]));
}

function scopesOf(payload: JWTPayload): string[] {
  const scope = payload["scope"] ?? payload["scp"];
  if (Array.isArray(scope)) return scope.map(String);
  return typeof scope === "string" ? scope.split(" ") : [];
}

function describe(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "iss") {
    return "the token's issuer is unknown to the authorizer";
  }
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud") return "invalid audience";
  return "the token is invalid";
}

/** Cognito's access tokens have no `aud`; an HTTP API checks `client_id` instead. */
function hasAudience(payload: JWTPayload, wanted: readonly string[]): boolean {
  const given = payload.aud === undefined ? payload["client_id"] : payload.aud;
  return [given].flat().some((audience) => wanted.some((candidate) => candidate === audience));
}

/** Number of verified signatures that are remembered, because clients send the same token many times. */
const REMEMBERED_TOKENS = 200;

/** Verifies the signature, issuer and times of a token. Of a token that was verified before only the end is checked. */
function createVerification(
  keys: JWTVerifyGetKey,
  now: Clock,
): (token: string, issuer: string) => Promise<JWTPayload> {
  const verified = new Map<string, JWTPayload & { exp: number }>();
  return async (token, issuer) => {
    const known = verified.get(token);
    if (known !== undefined && known.iss === issuer && known.exp * 1000 > now()) return known;
    const currentDate = new Date(now());
    const { payload } = await jwtVerify(token, keys, { issuer, currentDate, requiredClaims: ["exp"] });
    if (verified.size >= REMEMBERED_TOKENS) verified.clear();
    if (payload.exp !== undefined) verified.set(token, { ...payload, exp: payload.exp });
    return payload;
  };
}

/** Verifies bearer tokens by the stack's clock. */
export function createTokenCheck(
  keys: JWTVerifyGetKey,
  now: Clock,
): (authorizer: Authorizer, scopes: readonly string[], header: string | undefined) => Promise<Authorization> {
  const verify = createVerification(keys, now);
  return async (authorizer, scopes, header) => {
    const token = header?.replace(/^bearer +/i, "") ?? "";
    if (token === "") return { kind: "unauthorized", description: "" };
    try {
      const payload = await verify(token, authorizer.issuer);
      if (!hasAudience(payload, authorizer.audience))
        return { kind: "unauthorized", description: "invalid audience" };
      const granted = scopesOf(payload);
      if (scopes.length > 0 && !scopes.some((scope) => granted.includes(scope))) return { kind: "forbidden" };
      return { kind: "authorized", claims: claimsOf(payload), scopes: scopes.length > 0 ? granted : null };
    } catch (error) {
      return { kind: "unauthorized", description: describe(error) };
    }
  };
}
