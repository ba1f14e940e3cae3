import type { IncomingMessage } from "node:http";

/**
 * Extracts the content of a body sent as `aws-chunked`: chunks of `size;signature`, then trailers such as a checksum.
 */
function decodeChunks(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  let offset = 0;
  while (offset < body.length) {
    const lineEnd = body.indexOf("\r\n", offset);
    if (lineEnd === -1) break;
    const size = Number.parseInt(body.toString("latin1", offset, lineEnd).split(";")[0] ?? "", 16);
    if (!(size > 0)) break;
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    offset = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}

/** The content that a client meant to store, whatever framing its SDK used. */
export function contentOf(request: IncomingMessage, body: Buffer): Buffer {
  const hash = request.headers["x-amz-content-sha256"];
  const isFramed = typeof hash === "string" && hash.startsWith("STREAMING-");
  return isFramed ? decodeChunks(body) : body;
}
