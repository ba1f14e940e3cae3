import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** Converts attributes to the form of the JSON protocol, with binary values in base64. */
export function toWire(attributes: Record<string, AttributeValue>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      value.B === undefined ? value : { B: Buffer.from(value.B).toString("base64") },
    ]),
  );
}
