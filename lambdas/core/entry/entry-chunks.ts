import type { EntryReference } from "./entry.ts";

const BYTES_A_READ = 1_000_000;

/** Groups places whose entries are read together: whole entries, about a megabyte a group. */
export function chunksOf<Place extends { reference: EntryReference }>(places: readonly Place[]): Place[][] {
  const chunks: Place[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  let previous: EntryReference | undefined;
  for (const place of places) {
    if (place.reference !== previous) {
      bytes += place.reference.bytes;
      if (bytes > BYTES_A_READ) {
        chunks.push([]);
        bytes = place.reference.bytes;
      }
      previous = place.reference;
    }
    chunks.at(-1)?.push(place);
  }
  return chunks;
}
