/**
 * Lambda refuses an answer of a function above 6,291,556 bytes, and the body is a text in it: quotes, backslashes and control
 * characters count as JSON writes them, up to six times. The rest is for headers.
 */
export const MAX_ANSWER_BYTES = 6_000_000;

/** What a text takes in a body. */
export function bytesInAnswer(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

/** As many items, from the first on, as a body takes; one at least. */
export function fitting<Item>(items: readonly Item[]): readonly Item[] {
  let bytes = 0;
  const end = items.findIndex((item) => {
    bytes += bytesInAnswer(JSON.stringify(item)) + 1;
    return bytes > MAX_ANSWER_BYTES;
  });
  return end === -1 ? items : items.slice(0, Math.max(1, end));
}
