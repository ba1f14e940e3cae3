import { parseChainHeader, isLinkSigned, type ChainLink } from "../delivery/chain-header.ts";
import { hasValidSignature } from "../delivery/signature.ts";

/**
 * A request as a receiver kept it. Header names may be in any case. `path` is the path of the URL, which is not signed.
 */
export interface KeptRequest {
  headers: Readonly<Record<string, string>>;
  body: string;
  path?: string | undefined;
}

/**
 * A request with its position in a lane. `request` counts from 0; `signers` are the indices of the secrets that signed
 * both body and link.
 */
export interface Receipt {
  request: number;
  link: ChainLink;
  body: string;
  path: string | undefined;
  signers: readonly number[];
}

/** A request that belongs to no chain. */
export interface UnreadableRequest {
  kind: "no-chain" | "bad-signature";
  request: number;
  lane?: string;
  number?: number;
  delivery?: string;
}

/** Parses the request at index `request` of those that were kept. Without `secrets` signatures are not checked. */
export function readKeptRequest(
  { headers, body, path }: KeptRequest,
  request: number,
  secrets: readonly string[],
): Receipt | UnreadableRequest {
  const header = (name: string): string => headerOf(headers, `x-webhook-${name}`, `webhook-${name}`);
  const id = header("id");
  const chain = parseChainHeader(headerOf(headers, "x-webhook-chain"), id);
  if (chain === undefined) return { kind: "no-chain", request };
  const { link, signature } = chain;
  const content = `${id}.${header("timestamp")}.${body}`;
  // The same secret must have signed both: the link of one destination says nothing about the body of another.
  const isBy = (secret: string): boolean =>
    isLinkSigned(link, signature, [secret]) && hasValidSignature(header("signature"), [content], [secret]);
  const signers = secrets.flatMap((secret, place) => (isBy(secret) ? [place] : []));
  if (secrets.length > 0 && signers.length === 0)
    return { kind: "bad-signature", request, lane: link.lane, number: link.number, delivery: id };
  return { request, link, body, path, signers };
}

/** The value of the first of these headers that is present. */
function headerOf(headers: Readonly<Record<string, string>>, ...names: string[]): string {
  for (const name of names) {
    const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name);
    if (found !== undefined && found[1] !== "") return found[1];
  }
  return "";
}
