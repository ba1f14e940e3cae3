import { parseChainHeader, isLinkSigned, type ChainLink } from "../delivery/chain-header.ts";
import { hasValidSignature } from "../delivery/signature.ts";

/** A request as a receiver kept it. Header names in any case; `path` is that of the URL, which nobody signs. */
export interface KeptRequest {
  headers: Readonly<Record<string, string>>;
  body: string;
  path?: string | undefined;
}

/** A request with its place in a lane. `request` counts from 0; `signers` are the places of the secrets that signed body and link. */
export interface Receipt {
  request: number;
  link: ChainLink;
  body: string;
  path: string | undefined;
  signers: readonly number[];
}

/** A request that is no part of any chain. */
export interface UnreadableRequest {
  kind: "no-chain" | "bad-signature";
  request: number;
  lane?: string;
  number?: number;
  delivery?: string;
}

/** Reads the request at place `request` of what was kept. Without `secrets` signatures are not looked at. */
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
  // By the same secret, both: the link of one destination says nothing about the body of another.
  const isBy = (secret: string): boolean =>
    isLinkSigned(link, signature, [secret]) && hasValidSignature(header("signature"), [content], [secret]);
  const signers = secrets.flatMap((secret, place) => (isBy(secret) ? [place] : []));
  if (secrets.length > 0 && signers.length === 0)
    return { kind: "bad-signature", request, lane: link.lane, number: link.number, delivery: id };
  return { request, link, body, path, signers };
}

/** The first of the names that has a value. */
function headerOf(headers: Readonly<Record<string, string>>, ...names: string[]): string {
  for (const name of names) {
    const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name);
    if (found !== undefined && found[1] !== "") return found[1];
  }
  return "";
}
