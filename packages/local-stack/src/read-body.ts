import type { IncomingMessage } from "node:http";

/**
 * The whole body of a request, or undefined if it is larger than `maxBytes`. Rejects if the client disconnects. Uses
 * events, because an async iterator takes several times as long for a small body.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
    });
    request.once("end", () => {
      const [first] = chunks;
      if (bytes > maxBytes) resolve(undefined);
      else resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, bytes));
    });
    request.once("error", reject);
    request.once("close", () => {
      if (!request.complete) reject(new Error("the client disconnected"));
    });
  });
}
