/**
 * Lambda refuses a function's answer above 6,291,556 bytes. The body is a JSON string within it, so that quotes,
 * backslashes and control characters count in their escaped form, up to six bytes each. The difference to that limit is
 * left for headers.
 */
export const MAX_ANSWER_BYTES = 6_000_000;

/** Bytes that a text takes as part of a body. */
export function bytesInAnswer(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

/** The first items that fit into a body together; at least one. */
export function fitting<Item>(items: readonly Item[]): readonly Item[] {
  let bytes = 0;
  const end = items.findIndex((item) => {
    bytes += bytesInAnswer(JSON.stringify(item)) + 1;
    return bytes > MAX_ANSWER_BYTES;
  });
  return end === -1 ? items : items.slice(0, Math.max(1, end));
}
