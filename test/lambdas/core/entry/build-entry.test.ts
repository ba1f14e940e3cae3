import { createHash } from "node:crypto";
import { CloudEvent } from "cloudevents";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildEntry, eventIdsOf, referenceOf } from "../../../../lambdas/core/entry/build-entry.ts";
import type { Entry } from "../../../../lambdas/core/entry/entry.ts";
import { linesOf, packBody, unpackBody } from "../../../../lambdas/core/entry/entry-body.ts";
import { type PostedEvent, recordRequestSchema } from "../../../../lambdas/core/entry/event-schema.ts";
import { readStreamRecord } from "../../../../lambdas/core/fan-out/stream-record.ts";
import { toAttributes } from "../../../../lambdas/adapters/dynamo.ts";
import { LABEL } from "../../../helpers/journal-records.ts";

const NOW = Date.parse("2026-11-23T05:00:00.000Z");
const SETTINGS = { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://app.example.com" };

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/);
const identifier = fc
  .string({ minLength: 1, maxLength: 40, unit: "binary" })
  .filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text));
const text = fc.string({ unit: "binary" });
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
// Only numbers that JSON returns as they were written, because the schema accepts no others.
const leaf = fc.oneof(
  text,
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(0.1, -2.5e-7, 1e-300),
);
const json = fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.string(), fc.oneof(leaf, fc.array(leaf))));
const eventArbitrary = fc.record(
  {
    time: fc
      .date({
        min: new Date("0001-01-02T00:00:00Z"),
        max: new Date("9999-12-30T00:00:00Z"),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString()),
    category: name,
    action: name,
    actor: fc.record(
      { type: identifier, id: identifier, name: text, email: text },
      { requiredKeys: ["type", "id"] },
    ),
    target: fc.record({ type: identifier, id: identifier, name: text }, { requiredKeys: ["type", "id"] }),
    description: fc.option(text),
    metadata: fc.dictionary(fc.string(), json),
    context: fc.record({ ip: text, userAgent: text, requestId: text }, { requiredKeys: [] }),
  },
  { requiredKeys: ["category", "action", "actor"] },
);

function build(events: readonly PostedEvent[]): Entry {
  const request = {
    workspace: "ws_1",
    entry: `ent_${"0".repeat(26)}`,
    shard: 0,
    events,
    requestHash: "",
    trace: undefined,
    keptDays: 7,
  };
  const built = buildEntry(request, NOW, SETTINGS);
  if (!built.ok) throw new Error(built.problem.kind);
  return built.entry;
}

describe("an entry", () => {
  it("holds each event that the schema accepts, completely, as a CloudEvent on a line of its own", () => {
    fc.assert(
      fc.property(fc.array(eventArbitrary, { minLength: 1, maxLength: 5 }), (posted) => {
        const { events } = recordRequestSchema.parse(JSON.parse(JSON.stringify({ events: posted })));
        const entry = build(events);
        const envelopes = linesOf(entry).map((line) => JSON.parse(line));
        expect(envelopes.map(({ id }) => id)).toStrictEqual(eventIdsOf(entry));
        for (const [index, envelope] of envelopes.entries()) {
          expect(new CloudEvent(envelope).validate()).toBe(true);
          const { category, action, time, actor, target, description, metadata, context } = events[index]!;
          expect(envelope.data).toStrictEqual({
            actor,
            action: { category, action },
            target: target ?? null,
            description: description ?? null,
            metadata: metadata ?? {},
            ...(context !== undefined && { context }),
          });
          expect(Date.parse(envelope.time)).toBe(time === undefined ? NOW : Date.parse(time));
        }
      }),
    );
  });

  it("describes its body correctly, and the stream record yields the same reference", () => {
    fc.assert(
      fc.property(
        fc.array(eventArbitrary, { minLength: 1, maxLength: 5 }),
        optional(identifier),
        optional(fc.constant(true)),
        (posted, trace, retentionInternal) => {
          const entry = {
            ...build(JSON.parse(JSON.stringify(posted))),
            ...(trace !== undefined && { trace }),
            ...(retentionInternal !== undefined && { retentionInternal }),
          };
          const plain = unpackBody(entry);
          expect(entry.bytes).toBe(plain.byteLength);
          expect(entry.hash).toBe(createHash("sha256").update(plain).digest("hex"));
          const read = readStreamRecord({
            eventName: "INSERT",
            eventSourceARN: `arn:aws:dynamodb:eu-west-1:1:table/Events/stream/${LABEL}`,
            dynamodb: { SequenceNumber: "7", NewImage: toAttributes(entry) },
          });
          expect(read).toMatchObject({ ok: true, workspace: "ws_1" });
          expect(read).toHaveProperty("record.reference", referenceOf(entry));
        },
      ),
    );
  });
});

it("compresses the body only if that makes it smaller, and unpacks it byte for byte", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      const plain = new Uint8Array(bytes);
      const stored = packBody(plain);
      const isSmaller = stored.body.byteLength < plain.byteLength;
      expect(stored.encoding).toBe(isSmaller ? "zstd" : "plain");
      expect(isSmaller || stored.body === plain).toBe(true);
      expect(Buffer.compare(unpackBody(stored), plain)).toBe(0);
    }),
  );
});
