/** Parses addresses to numbers by hand: a test oracle must not share code with what it judges. */
export interface NumberedAddress {
  family: 4 | 6;
  value: bigint;
}

export function parseAddress(text: string): NumberedAddress {
  if (!text.includes(":")) {
    const value = text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
    return { family: 4, value };
  }
  const [head = "", tail] = text.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  const value = [...before, ...zeros, ...after].reduce(
    (sum, group) => sum * 65_536n + BigInt(`0x${group}`),
    0n,
  );
  return { family: 6, value };
}

export interface Block {
  text: string;
  family: 4 | 6;
  first: bigint;
  last: bigint;
  length: number;
}

export function parseBlock(text: string): Block {
  const [prefix = "", length = ""] = text.split("/");
  const { family, value } = parseAddress(prefix);
  const size = 1n << BigInt((family === 4 ? 32 : 128) - Number(length));
  return { text, family, first: value, last: value + size - 1n, length: Number(length) };
}

export function isIn(block: Block, { family, value }: NumberedAddress): boolean {
  return family === block.family && block.first <= value && value <= block.last;
}

export function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
}

/** All eight groups. */
export function ipv6Text(value: bigint): string {
  return ipv6Groups(value).join(":");
}

export function ipv6Groups(value: bigint): string[] {
  return Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
}
