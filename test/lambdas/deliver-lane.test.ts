import { beforeEach, describe, expect, it } from "vitest";
import { createDeliverHandler } from "../../lambdas/deliver-lane.ts";
import type { ReceivedWakeUp } from "../../lambdas/adapters/visibility-extender.ts";
import type { SendResult } from "../../lambdas/core/delivery/send.ts";
import type { TestDiagnosis } from "../../lambdas/core/delivery/send-test-event.ts";
import { contextWith } from "../helpers/http-events.ts";
import { answered, DST, LaneWorld, LIVE, WS } from "../helpers/in-memory-lanes.ts";

let world: LaneWorld;
let extended: { wakeUp: ReceivedWakeUp; seconds: number }[];
let canExtend: boolean;

function handle(event: unknown, remainingMs = 30_000) {
  const ports = world.ports();
  const settings = { ...ports.settings, sourceBaseUrl: "https://app.example.com" };
  const handler = createDeliverHandler({
    ports: { ...ports, settings },
    metrics: world.metrics,
    visibility: {
      extend: async (wakeUp, seconds) => {
        if (!canExtend) throw new Error("ReceiptHandleIsInvalid");
        extended.push({ wakeUp, seconds });
      },
    },
  });
  return handler(
    event,
    contextWith(() => remainingMs),
  );
}

const wakeUpEvent = (receives = 1, wakeUp: object = LIVE): object => ({
  Records: [
    {
      messageId: "m1",
      receiptHandle: "r1",
      body: JSON.stringify(wakeUp),
      attributes: { ApproximateReceiveCount: String(receives) },
    },
  ],
});
const FAILED = { batchItemFailures: [{ itemIdentifier: "m1" }] };
const DONE = { batchItemFailures: [] };

beforeEach(async () => {
  world = new LaneWorld();
  extended = [];
  canExtend = true;
  await world.record(["a"]);
});

describe("a wake-up", () => {
  it("is deleted when its lane has caught up", async () => {
    expect(await handle(wakeUpEvent())).toEqual(DONE);
    expect(world.received).toHaveLength(1);
    expect(extended).toEqual([]);
  });

  it("is received again after a refusal, as soon as the next attempt is due", async () => {
    world.answer = () => answered(503, { retryAfter: "17" });
    expect(await handle(wakeUpEvent())).toEqual(FAILED);
    expect(extended).toEqual([{ wakeUp: { receiptHandle: "r1", isSlow: false }, seconds: 17 }]);
  });

  it("of a slow lane has its visibility extended in the queue from which it was received", async () => {
    world.change((lane) => ({ ...lane, slowAnswers: 2 }));
    world.answer = () => ({ ...answered(503, { retryAfter: "17" }), durationMs: 4000 });
    expect(await handle(wakeUpEvent(1, { ...LIVE, slow: true }))).toEqual(FAILED);
    expect(extended).toEqual([{ wakeUp: { receiptHandle: "r1", isSlow: true }, seconds: 17 }]);
  });

  it("never reaches the dead-letter queue because of refusals", async () => {
    world.answer = () => answered(503, { retryAfter: "5" });
    let receives = 0;
    for (let result: unknown = FAILED; result !== DONE && receives < 10; world.now += 5000) {
      receives++;
      result = JSON.stringify(await handle(wakeUpEvent(receives))) === JSON.stringify(DONE) ? DONE : FAILED;
    }
    expect(receives).toBe(4);
    expect(world.lane()).toMatchObject({ dueShard: "due", attempts: 4 });
  });

  it("is received again sooner than by the queue's visibility after a fault of Trailcast, and later each time", async () => {
    world.entries.entries.clear();
    expect(await handle(wakeUpEvent(1))).toEqual(FAILED);
    expect(await handle(wakeUpEvent(3))).toEqual(FAILED);
    expect(extended.map(({ seconds }) => seconds)).toEqual([5, 15]);
    expect(world.log.lines.map(({ level, message }) => `${level} ${message}`)).toContain("error lane.failed");
  });

  it("is received again after the queue's visibility if that cannot be changed", async () => {
    canExtend = false;
    world.answer = () => answered(503, { retryAfter: "17" });
    expect(await handle(wakeUpEvent())).toEqual(FAILED);
    expect(world.log.lines.filter(({ message }) => message === "wake-up.not-postponed")).toMatchObject([
      { level: "error", fields: { workspace: WS, destination: DST, lane: "live", delaySeconds: 17 } },
    ]);
  });

  it("in the wrong queue is sent to the right one", async () => {
    expect(await handle(wakeUpEvent(1, { ...LIVE, slow: true }))).toEqual(DONE);
    expect(world.received).toEqual([]);
    expect(world.wakeUps.woken).toEqual([LIVE]);
  });

  it("is sent again if the invocation has no time for another attempt", async () => {
    expect(await handle(wakeUpEvent(), 13_000)).toEqual(DONE);
    expect(world.received).toEqual([]);
    expect(world.wakeUps.woken).toEqual([LIVE]);
  });

  it("that is malformed makes the invocation fail", async () => {
    await expect(handle(wakeUpEvent(1, { workspace: WS }))).rejects.toThrow("destination");
    await expect(handle({ something: "else" })).rejects.toThrow("Invalid input");
  });
});

describe("a test event", () => {
  const test = async (): Promise<TestDiagnosis> =>
    (await handle({ test: { workspace: WS, destination: DST } })) as TestDiagnosis;

  it("is sent like a delivery, but on a lane of its own, and does not change the live lane", async () => {
    const before = world.lane();
    const { ok, attempt } = await test();
    expect(ok).toBe(true);
    expect(world.lane()).toEqual(before);
    expect(world.deliveries.rows.size).toBe(0);
    const [request] = world.received;
    expect(request).toMatchObject({
      id: attempt.id,
      number: 1,
      previousId: "-",
      url: "https://siem.example.com/in",
    });
    expect(request?.lane).toMatch(/^tst_/);
    expect(JSON.parse(request?.body ?? "")).toMatchObject([{ type: "pro.atmos.webhook.test", subject: DST }]);
    expect(attempt.signedContent).toBe(
      `${attempt.id}.${request?.headers["webhook-timestamp"]}.${request?.body}`,
    );
    expect(request?.headers["X-Token"]).toBe("tok_12345678");
  });

  it.each<[string, SendResult, object]>([
    [
      "a refusal of the guard",
      { kind: "refused", rule: "private-address", durationMs: 1 },
      { error: "guard:private-address", address: null },
    ],
    [
      "a failure",
      {
        kind: "failed",
        errorClass: "tls",
        code: "CERT_HAS_EXPIRED",
        durationMs: 9,
        phases: { dnsMs: 1 },
        address: "203.0.113.7",
      },
      { error: "tls", code: "CERT_HAS_EXPIRED", phases: { dnsMs: 1 } },
    ],
    [
      "an error",
      { ...answered(500), phases: { firstByteMs: 4 } } as SendResult,
      { error: "HTTP 500", statusCode: 500, address: "203.0.113.7" },
    ],
  ])("reports %s", async (_, result, expected) => {
    world.answer = () => result;
    expect(await test()).toMatchObject({ ok: false, attempt: { outcome: "refused", ...expected } });
    expect(world.lane()).toMatchObject({ consecutiveFailures: 0 });
  });

  it("is sent to a disabled destination, but not to a deleted one", async () => {
    world.change((lane) => ({ ...lane, status: "disabled" }));
    expect(await test()).toMatchObject({ ok: true });
    world.destinations.destinations.clear();
    expect(await test()).toMatchObject({ ok: false, attempt: { error: "destination-gone" } });
  });
});
