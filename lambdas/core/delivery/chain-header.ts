import { hasValidSignature, signParts } from "./signature.ts";

/**
 * A delivery's place in its lane. The lane numbers its deliveries from 1 and names the previous one (`-` for the
 * first).
 */
export interface ChainLink {
  lane: string;
  number: number;
  previousId: string;
  id: string;
}

/**
 * Returns the value of `X-Webhook-Chain`: `<lane>;<number>;<previous>;v1,<base64>`, with two signatures during a
 * rotation.
 */
export function chainHeader(link: ChainLink, secrets: readonly string[]): string {
  return `${link.lane};${link.number};${link.previousId};${signParts([chainContent(link)], secrets)}`;
}

/** Returns the text to sign: `lane.number.previous.id`. None of the parts contains a dot. */
export function chainContent({ lane, number, previousId, id }: ChainLink): string {
  return `${lane}.${number}.${previousId}.${id}`;
}

const HEADER = /^([A-Za-z0-9_]+);([1-9][0-9]{0,15});([A-Za-z0-9_]+|-);(v1,\S+(?: v1,\S+)*)$/;

/** Parses the header of the delivery `id`; `undefined` if it is malformed. */
export function parseChainHeader(
  value: string,
  id: string,
): { link: ChainLink; signature: string } | undefined {
  const [, lane, number, previousId, signature] = HEADER.exec(value.trim()) ?? [];
  if (lane === undefined || number === undefined || previousId === undefined || signature === undefined)
    return undefined;
  return { link: { lane, number: Number(number), previousId, id }, signature };
}

export function isLinkSigned(link: ChainLink, signature: string, secrets: readonly string[]): boolean {
  return hasValidSignature(signature, [chainContent(link)], secrets);
}
