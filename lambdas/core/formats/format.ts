import * as z from "zod/mini";

/** The payload formats: what one POST carries. */
export const formatSchema = z.enum(["cloudevents-batch", "cloudevents-structured"]);
export type Format = z.infer<typeof formatSchema>;

export const CONTENT_TYPES = {
  "cloudevents-batch": "application/cloudevents-batch+json; charset=utf-8",
  "cloudevents-structured": "application/cloudevents+json; charset=utf-8",
} as const;

const OPEN = Buffer.from("[");
const COMMA = Buffer.from(",");
const CLOSE = Buffer.from("]");

/** The body: the recorded bytes themselves, between brackets and commas for a batch. Never serialised again. */
export function buildBody(format: Format, lines: readonly Uint8Array[]): Uint8Array {
  if (format === "cloudevents-structured") return Buffer.concat(lines);
  const parts = lines.flatMap((line, index) => (index === 0 ? [line] : [COMMA, line]));
  return Buffer.concat([OPEN, ...parts, CLOSE]);
}
