import { describe, expect, it } from "vitest";
import { postedEventSchema } from "../../../lambdas/core/entry/event-schema.ts";
import { Arrivals } from "../../../local/demo/arrivals.ts";
import { DEMO_CATEGORIES, demoEvents } from "../../../local/demo/sample-events.ts";
import { createTerminal, printBatch } from "../../../local/demo/terminal.ts";
import type { Verdict } from "../../../local/receiver/practice-receiver.ts";
import { parseStartOptions } from "../../../local/start-options.ts";

function batch(...ids: string[]): Verdict {
  const events = ids.map((id) => ({ id, source: "s", type: "t", specversion: "1.0" }));
  return { kind: "verified", events: events as unknown as Extract<Verdict, { kind: "verified" }>["events"] };
}

describe("the demo's events", () => {
  it("are all accepted and cover every category before one repeats", () => {
    const events = demoEvents(0, 15);
    for (const event of events) expect(postedEventSchema.safeParse(event).error).toBeUndefined();
    expect(new Set(events.map(({ category }) => category))).toEqual(new Set(DEMO_CATEGORIES));
    expect(DEMO_CATEGORIES.length).toBeGreaterThanOrEqual(8);
  });
});

describe("arrivals", () => {
  it("are complete when every posted event arrived once and in order", () => {
    const arrivals = new Arrivals();
    arrivals.posted(["a", "b", "c"], 100);
    expect(arrivals.missing).toBe(3);
    expect(arrivals.arrived(batch("own", "a"), 150)).toBe(50);
    expect(arrivals.arrived(batch("b", "c"), 180)).toBe(80);
    expect(arrivals.summary()).toEqual({
      batches: 2,
      events: 4,
      missing: 0,
      repeated: 0,
      outOfOrder: 0,
      unverified: 0,
      medianLatencyMs: 80,
      slowestMs: 80,
    });
  });

  it("show what is missing, repeated, out of order or not verified", () => {
    const arrivals = new Arrivals();
    arrivals.posted(["a", "b", "c", "d"], 0);
    arrivals.arrived(batch("b"), 1);
    arrivals.arrived(batch("a", "b"), 2);
    arrivals.arrived({ kind: "forged", reason: "no" }, 3);
    expect(arrivals.summary()).toMatchObject({ missing: 2, repeated: 1, outOfOrder: 1, unverified: 1 });
  });
});

describe("the terminal", () => {
  const request = { at: 0, path: "/", headers: { "x-webhook-id": "whd_1" }, body: "" };
  function printed(stream: Partial<NodeJS.WriteStream>, env: NodeJS.ProcessEnv): string {
    let text = "";
    const write = (chunk: string): boolean => {
      text += chunk;
      return true;
    };
    const terminal = createTerminal({ ...stream, write } as NodeJS.WriteStream, env);
    printBatch(terminal, request, batch("a"), 12.4);
    return text;
  }

  it("uses colour only on a terminal and never with NO_COLOR", () => {
    expect(printed({ isTTY: true }, {})).toContain("\u001b[");
    expect(printed({ isTTY: true }, { NO_COLOR: "1" })).not.toContain("\u001b[");
    expect(printed({ isTTY: true }, { TERM: "dumb" })).not.toContain("\u001b[");
    expect(printed({}, {})).toBe("✓  whd_1    1 event   signature valid  no chain     12 ms\n");
  });
});

describe("the options of npm start", () => {
  it("have their documented defaults and are parsed", () => {
    expect(parseStartOptions([])).toMatchObject({
      port: 4780,
      demo: true,
      strictEgress: false,
      timeScale: 1,
    });
    const given = ["--port", "0", "--data", "/tmp/x", "--no-demo", "--strict-egress", "--time-scale", "60"];
    expect(parseStartOptions(given)).toEqual({
      port: 0,
      data: "/tmp/x",
      demo: false,
      strictEgress: true,
      timeScale: 60,
    });
  });
});
