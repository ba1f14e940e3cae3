import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Entry } from "./entry.ts";

const decoder = new TextDecoder();

/** The stored form of a body: compressed with zstd if that is smaller. */
export function packBody(plain: Uint8Array<ArrayBuffer>): Pick<Entry, "encoding" | "body"> {
  const packed = zstdCompressSync(plain);
  return packed.byteLength < plain.byteLength
    ? { encoding: "zstd", body: packed }
    : { encoding: "plain", body: plain };
}

/** The uncompressed body, which the entry's `hash` covers: the events' JSON, separated by newlines. */
export function unpackBody(entry: Pick<Entry, "encoding" | "body">): Uint8Array {
  return entry.encoding === "zstd" ? zstdDecompressSync(entry.body) : entry.body;
}

/** The events of an entry in order, each as the CloudEvents JSON that receivers verify. */
export function linesOf(entry: Pick<Entry, "encoding" | "body">): string[] {
  return decoder.decode(unpackBody(entry)).split("\n");
}
