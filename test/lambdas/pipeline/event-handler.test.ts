import { describe, expect, it, vi } from "vitest";
import * as z from "zod/mini";
import { createPowertoolsMetrics } from "../../../lambdas/adapters/powertools-metrics.ts";
import { METRIC } from "../../../lambdas/core/base/metric-names.ts";
import { createEventHandler } from "../../../lambdas/pipeline/event-handler.ts";
import { createEventParser, UnparsedEventError } from "../../../lambdas/pipeline/parse-event.ts";
import { contextWith, lambdaContext } from "../../helpers/http-events.ts";

const schema = z.object({ count: z.number() });

describe("an event handler", () => {
  it("receives what its schema parsed from the event, and returns the function's result", async () => {
    const handle = vi.fn<(event: { count: number }) => Promise<string>>(async () => "done");
    const handler = createEventHandler(schema, handle);
    expect(await handler({ count: 1, other: 2 }, lambdaContext)).toBe("done");
    expect(handle).toHaveBeenCalledWith({ count: 1 }, lambdaContext);
  });

  it("is not called for an event that its schema refuses, which fails the invocation", async () => {
    const handle = vi.fn<() => Promise<void>>();
    await expect(createEventHandler(schema, handle)({ Records: [] }, lambdaContext)).rejects.toThrow(
      "Invalid input",
    );
    expect(handle).not.toHaveBeenCalled();
  });

  it("fails the invocation with its own error, so that Lambda delivers the event again", async () => {
    const failure = new TypeError("throttled");
    const handler = createEventHandler(schema, () => Promise.reject(failure));
    await expect(handler({ count: 1 }, lambdaContext)).rejects.toBe(failure);
  });

  it("may return nothing, and is not ended before the function's time is over", async () => {
    const handler = createEventHandler(schema, async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    expect(
      await handler(
        { count: 1 },
        contextWith(() => 1),
      ),
    ).toBeUndefined();
  });

  it("has its metrics published after each invocation, also after a failed one, but only if something was counted", async () => {
    const written: string[] = [];
    const output = vi
      .spyOn(process.stdout, "write")
      .mockImplementation((line) => written.push(String(line)) > 0);
    const metrics = createPowertoolsMetrics("ingest", "Trailcast");
    const handler = createEventHandler(
      schema,
      async ({ count }) => {
        if (count === 0) return;
        metrics.count(METRIC.eventsRecorded, count);
        if (count > 1) throw new Error("failed");
      },
      { metrics },
    );
    await handler({ count: 0 }, lambdaContext);
    await expect(handler({ count: 3 }, lambdaContext)).rejects.toThrow("failed");
    await handler({ count: 1 }, lambdaContext);
    await handler({ count: 0 }, lambdaContext);
    output.mockRestore();
    const published = (EventsRecorded: number) => ({
      service: "ingest",
      EventsRecorded,
      _aws: { CloudWatchMetrics: [{ Namespace: "Trailcast" }] },
    });
    expect(written.map((line) => JSON.parse(line))).toMatchObject([published(3), published(1)]);
  });
});

it("a handler is not called for an event that no step has parsed", async () => {
  const parser = createEventParser((event) => schema.parse(event));
  expect(parser.parsed({ count: 1 })).toBeUndefined();
  await expect(parser.handler(async () => "done")({ count: 1 }, lambdaContext)).rejects.toThrow(
    UnparsedEventError,
  );
});
