import fc from "fast-check";
import { ipv4Text, ipv6Groups, ipv6Text } from "./address-numbers.ts";

/** Digits and dots that the URL parser treats as ASCII ones. */
const ALPHABETS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.replaceAll(/[0-9a-z]/g, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0)),
  (text) => text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x1d7ce + Number(digit))),
  (text) =>
    text.replaceAll(/\d/g, (digit) => (digit === "0" ? "⓪" : String.fromCodePoint(0x245f + Number(digit)))),
];
const DOTS = [".", "。", "．", "｡"];

const notation = fc.constantFrom(
  (part: bigint) => part.toString(),
  (part: bigint) => `0x${part.toString(16)}`,
  (part: bigint) => `0x000${part.toString(16)}`,
  (part: bigint) => `0${part.toString(8)}`,
  (part: bigint) => `000${part.toString(8)}`,
);

/**
 * An IPv4 address in any notation that a URL accepts: 1 to 4 parts, each decimal, octal or hexadecimal, in ASCII or in
 * characters that map to it.
 */
export function ipv4Spelling(value: bigint): fc.Arbitrary<string> {
  return fc
    .record({
      parts: fc.integer({ min: 1, max: 4 }),
      notations: fc.array(notation, { minLength: 4, maxLength: 4 }),
      alphabet: fc.constantFrom(...ALPHABETS),
      dot: fc.constantFrom(...DOTS),
      end: fc.constantFrom("", "."),
    })
    .map(({ parts, notations, alphabet, dot, end }) => {
      const numbers = ipv4Text(value).split(".").map(BigInt);
      const head = numbers.slice(0, parts - 1);
      const tail = numbers.slice(parts - 1).reduce((sum, part) => sum * 256n + part, 0n);
      const texts = [...head, tail].map((part, index) => notations[index]!(part));
      return alphabet(texts.join(dot)) + end;
    });
}

/**
 * An IPv6 address in brackets in any notation that a URL accepts: with or without `::`, padded, in upper case, or
 * ending in dotted decimals.
 */
export function ipv6Spelling(value: bigint): fc.Arbitrary<string> {
  return fc
    .record({ dotted: fc.boolean(), padded: fc.boolean(), compressed: fc.boolean(), upper: fc.boolean() })
    .map(({ dotted, padded, compressed, upper }) => {
      const groups = ipv6Groups(value).map((group) => (padded ? group.padStart(4, "0") : group));
      const end = dotted ? [ipv4Text(value & 0xffffffffn)] : groups.slice(6);
      const text = [...groups.slice(0, 6), ...end].join(":");
      const short = compressed ? text.replace(/(?:^|:)0{1,4}(?::0{1,4})+(?::|$)/, "::") : text;
      return `[${upper ? short.toUpperCase() : short}]`;
    });
}

/** Numbers at, next to and between the edges of blocks, and random ones. */
export function addressNumber(edges: readonly bigint[], bits: 32 | 128): fc.Arbitrary<bigint> {
  const max = (1n << BigInt(bits)) - 1n;
  const near = fc
    .tuple(fc.constantFrom(...edges), fc.bigInt({ min: -2n, max: 2n }))
    .map(([edge, distance]) => edge + distance)
    .filter((value) => 0n <= value && value <= max);
  return fc.oneof({ weight: 3, arbitrary: near }, { weight: 1, arbitrary: fc.bigInt({ min: 0n, max }) });
}

export const addressText = { 4: ipv4Text, 6: ipv6Text } as const;
