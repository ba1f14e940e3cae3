import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { destinationRequestSchema } from "../../../../lambdas/core/api/destination-api.ts";
import { openApiDocument } from "../../../../lambdas/core/api/openapi.ts";
import { destinationSchema } from "../../../../lambdas/core/destination/destination.ts";
import { buildEnvelope } from "../../../../lambdas/core/entry/envelope.ts";
import { DELIVERY_MAX_EVENTS, type Format } from "../../../../lambdas/core/formats/format.ts";
import {
  FORMATS,
  formatOf,
  formatOfContentType,
  type FormatName,
  FORMAT_NAMES,
} from "../../../../lambdas/core/formats/known-formats.ts";
import { countEvents, readEvents } from "../../../../local/receiver/read-events.ts";
import { destinationRow, LaneWorld } from "../../../helpers/in-memory-lanes.ts";
import { postedEvent } from "../../../helpers/sample-events.ts";

const RECORDED = "2026-11-23T05:00:00.000Z";
const SETTINGS = { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://app.example.com" };
/** A format that only another version of Trailcast knows. */
const UNKNOWN = "sumo-logic" as FormatName;

/** Recorded events with arbitrary text and metadata. */
const recordedEvent = fc
  .record({
    id: fc.stringMatching(/^[0-9A-Z]{28}$/),
    description: fc.string({ unit: "binary" }),
    metadata: fc.dictionary(fc.string(), fc.jsonValue()),
  })
  .map(({ id, description, metadata }) =>
    Buffer.from(
      buildEnvelope(
        postedEvent({ description, metadata: metadata as Record<string, string> }),
        { id: `aud_${id}`, workspace: "ws_1", recordedAt: RECORDED },
        SETTINGS,
      ),
    ),
  );

const requestEvents = ({ limits }: Format) =>
  fc.array(recordedEvent, { minLength: 1, maxLength: Math.min(limits.events, 20) });

const idOf = (event: unknown): unknown => Reflect.get(Object(event), "id");

describe.each(FORMATS)("$name", (format) => {
  const request = (events: readonly Uint8Array[]) => ({
    headers: { "content-type": format.contentType },
    body: Buffer.from(format.encode(events)).toString(),
  });

  it("decodes any events that it encoded, in order", () => {
    fc.assert(
      fc.property(requestEvents(format), (events) => {
        const parsed = events.map((event) => JSON.parse(event.toString()));
        expect(format.decode(request(events).body)).toEqual(parsed);
        expect(countEvents(request(events))).toBe(events.length);
      }),
    );
  });

  it("can be read with the cloudevents package, whatever the events contain", () => {
    fc.assert(
      fc.property(requestEvents(format), (events) => {
        const read = readEvents(request(events));
        expect(read.map(idOf)).toEqual(events.map((event) => idOf(JSON.parse(event.toString()))));
      }),
    );
  });

  it("keeps the recorded bytes of each event", () => {
    const odd = ['{ "odd" :1.0}', '{"é":"\\u00e9"}'].slice(0, format.limits.events);
    const body = Buffer.from(format.encode(odd.map((event) => Buffer.from(event)))).toString();
    expect(odd.filter((event) => !body.includes(event))).toEqual([]);
  });

  it("never builds a body larger than its size estimate", () => {
    fc.assert(
      fc.property(requestEvents(format), (events) => {
        const { frame, event: sizeOf } = format.size;
        const counted = events.reduce((sum, event) => sum + sizeOf(event), frame);
        expect(format.encode(events).byteLength).toBeLessThanOrEqual(counted);
      }),
    );
  });

  it("allows no more events than a delivery reads", () => {
    expect(format.limits.events).toBeGreaterThanOrEqual(1);
    expect(format.limits.events).toBeLessThanOrEqual(DELIVERY_MAX_EVENTS);
  });

  it("can be requested, and the API reference describes its content", () => {
    const asked = { name: "SIEM", url: "https://siem.example.com/in", format: format.name };
    expect(destinationRequestSchema.parse(asked).format).toBe(format.name);
    const reference = JSON.stringify(openApiDocument("1.2.3"));
    expect(reference).toContain(`\`${format.name}\`: ${format.summary}`);
  });

  it("sends the events of a lane in requests of its size and content type", async () => {
    const world = new LaneWorld();
    world.setDestination({ format: format.name });
    await world.record(["a", "b", "c"]);
    await world.run();
    expect(world.actions().flat()).toEqual(["a", "b", "c"]);
    expect(new Set(world.received.map(({ headers }) => headers["content-type"]))).toEqual(
      new Set([format.contentType]),
    );
    expect(world.received).toHaveLength(Math.ceil(3 / format.limits.events));
  });
});

describe("the registry", () => {
  it("has one format for each name and content type", () => {
    expect(new Set(FORMAT_NAMES).size).toBe(FORMATS.length);
    for (const format of FORMATS) {
      expect(formatOf(format.name)).toBe(format);
      expect(formatOfContentType(format.contentType)).toBe(format);
    }
  });

  it("does not compile with an incomplete format", () => {
    const { judge: _, ...rest } = formatOf("cloudevents-batch");
    // @ts-expect-error `judge` is missing
    const incomplete: Format = rest;
    expect(incomplete).not.toHaveProperty("judge");
  });
});

describe("an unknown format", () => {
  it("is refused by the API and in a row", () => {
    const asked = { name: "SIEM", url: "https://siem.example.com/in", format: UNKNOWN };
    const { error } = destinationRequestSchema.safeParse(asked);
    expect(error?.issues[0]?.message).toContain('must be one of "cloudevents-batch"');
    expect(destinationSchema.safeParse(destinationRow()).success).toBe(true);
    expect(destinationSchema.safeParse({ ...destinationRow(), format: UNKNOWN }).success).toBe(false);
  });

  it("makes a run fail without sending anything", async () => {
    const world = new LaneWorld();
    world.setDestination({ format: UNKNOWN });
    await world.record(["a"]);
    await expect(world.run()).rejects.toThrow("a format that this version does not know");
    expect(world.received).toEqual([]);
  });
});
