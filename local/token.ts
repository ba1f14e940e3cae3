import { issueToken as issueStackToken } from "@trailcast/local-stack/access";

/** Issuer and audience of tokens for a stack that is synthesised for this machine. */
export const LOCAL_OIDC = { issuer: "https://issuer.trailcast.test", audience: "trailcast" } as const;

/** Who a token is for. */
export interface TokenRequest {
  /** Ids of workspaces, or `*` for an operator. */
  workspaces: readonly string[] | "*";
  /** Separated by spaces. */
  scope: string;
  subject?: string;
  /** Seconds on the stack's clock; 30 days by default. */
  expiresIn?: number;
  issuer?: string;
  audience?: string;
}

/**
 * A bearer token that the local Trailcast of `dir` accepts; the stack need not run.
 * @throws SigningKeyError
 */
export function issueToken(dir: string, { workspaces, scope, ...request }: TokenRequest): Promise<string> {
  return issueStackToken(dir, { ...LOCAL_OIDC, ...request, claims: { workspaces, scope } });
}
