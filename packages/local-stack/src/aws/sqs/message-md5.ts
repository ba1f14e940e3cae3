import { createHash } from "node:crypto";
import type { MessageAttribute } from "./sqs-service.ts";

/** MD5 in hex, with which SQS clients verify a body. */
export function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/**
 * MD5 of message attributes: by name, each with its length, name, type, a byte for the kind of value (1 text, 2 binary)
 * and value. Source: Developer Guide, "Calculating the MD5 message digest for message attributes".
 */
export function md5OfAttributes(attributes: Readonly<Record<string, MessageAttribute>>): string | undefined {
  const names = Object.keys(attributes).toSorted();
  if (names.length === 0) return undefined;
  const hash = createHash("md5");
  for (const name of names) {
    const attribute = attributes[name];
    if (attribute === undefined) continue;
    const binary = attribute.binaryValue !== undefined;
    const value = binary
      ? Buffer.from(attribute.binaryValue ?? "", "base64")
      : Buffer.from(attribute.stringValue ?? "");
    hash.update(withLength(Buffer.from(name))).update(withLength(Buffer.from(attribute.dataType)));
    hash.update(Buffer.from([binary ? 2 : 1])).update(withLength(value));
  }
  return hash.digest("hex");
}
