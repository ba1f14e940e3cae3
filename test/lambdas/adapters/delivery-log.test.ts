import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDeliveryLog, createDeliveryLogReader } from "../../../lambdas/adapters/delivery-log.ts";
import {
  addNote,
  ATTEMPTS_KEPT,
  type Attempt,
  type DeliveryNote,
  type DeliveryOutcome,
  type DeliveryRecord,
  inOrder,
} from "../../../lambdas/core/delivery/delivery-record.ts";
import { type LocalDynamo, startLocalDynamo } from "../../helpers/local-dynamo.ts";

let dynamo: LocalDynamo;
let delivery = "";
let made = 0;
const AT = "2026-11-23T12:00:00.000Z";

beforeAll(async () => {
  dynamo = await startLocalDynamo(() => Date.parse(AT));
});
afterAll(() => dynamo.close());
beforeEach(() => void (delivery = `whd_${String(++made).padStart(3, "0")}`));

const log = () => createDeliveryLog(dynamo.client, "Deliveries");
const reader = () => createDeliveryLogReader(dynamo.client, "Deliveries");
const read = () => reader().readDelivery("ws_1", "dst_1", delivery);

function attempt(number: number, outcome: Attempt["outcome"] = "retry"): Attempt {
  return {
    attempt: number,
    at: AT,
    outcome,
    statusCode: 500,
    durationMs: 5,
    error: "HTTP 500",
    delaySeconds: 3,
  };
}

const minuteAt = (minute: number): string => new Date(Date.parse(AT) + minute * 60_000).toISOString();

function note(outcome: DeliveryOutcome, more: Partial<DeliveryNote> = {}): DeliveryNote {
  return {
    facts: {
      destination: "ws_1/dst_1",
      delivery,
      lane: "live",
      number: 1,
      previousId: "-",
      format: "cloudevents-batch",
      count: 2,
      first: { page: 1, index: 0 },
      end: { page: 2, index: 0 },
      createdAt: AT,
      expiresAt: 1_800_000_000,
    },
    outcome,
    at: AT,
    ...more,
  };
}

describe("writing a note to the log", () => {
  it("creates the row, adds attempts to it and closes it", async () => {
    const nextAttemptAt = "2026-11-23T12:00:03.000Z";
    expect(await log().note(note("retry", { attempt: attempt(1), nextAttemptAt }))).toBe("retry");
    expect(await read()).toMatchObject({ outcome: "retry", nextAttemptAt, attempts: [{ attempt: 1 }] });
    expect(await log().note(note("delivered", { attempt: attempt(2, "delivered") }))).toBe("delivered");
    const row = await read();
    expect(row).toMatchObject({ outcome: "delivered", closedAt: AT, number: 1, count: 2 });
    expect(row?.attempts.map((one) => one.outcome)).toEqual(["retry", "delivered"]);
    expect(row).not.toHaveProperty("nextAttemptAt");
  });

  it("to a closed delivery returns its outcome and adds only the attempt", async () => {
    await log().note(note("skipped"));
    expect(await log().note(note("retry", { attempt: attempt(1) }))).toBe("skipped");
    expect(await read()).toMatchObject({ outcome: "skipped", attempts: [{ attempt: 1 }] });
    expect(await log().note(note("recut"))).toBe("skipped");
    expect(await log().note(note("delivered", { attempt: attempt(2, "delivered") }))).toBe("delivered");
    expect(await log().note(note("split", { attempt: attempt(3, "split") }))).toBe("delivered");
    expect((await read())?.attempts).toHaveLength(3);
  });

  it("keeps the last attempts, in order", async () => {
    for (let number = 1; number <= ATTEMPTS_KEPT + 7; number++)
      await log().note(note("retry", { attempt: attempt(number) }));
    const numbers = (await read())?.attempts.map((one) => one.attempt) ?? [];
    expect(numbers).toHaveLength(ATTEMPTS_KEPT);
    expect(numbers.at(-1)).toBe(ATTEMPTS_KEPT + 7);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  it("applies the rule of core to every pair of outcomes", async () => {
    const outcomes: DeliveryOutcome[] = [
      "retry",
      "suspend",
      "delivered",
      "split",
      "recut",
      "expired",
      "skipped",
    ];
    for (const first of outcomes)
      for (const second of outcomes) {
        delivery = `whd_${String(++made).padStart(3, "0")}`;
        await log().note(note(first));
        const inForce = await log().note(note(second));
        const rule: DeliveryRecord = addNote(addNote(undefined, note(first)), note(second));
        expect(inForce, `${first} then ${second}`).toBe(rule.outcome);
        expect((await read())?.outcome).toBe(rule.outcome);
      }
  });

  it("adds an attempt by the number of attempts in the row, whatever the lane has counted", async () => {
    await log().note(note("retry", { attempt: attempt(ATTEMPTS_KEPT + 17) }));
    expect(await log().note(note("expired", { attempt: attempt(ATTEMPTS_KEPT + 18) }))).toBe("expired");
    expect((await read())?.attempts.map((one) => one.attempt)).toEqual([
      ATTEMPTS_KEPT + 17,
      ATTEMPTS_KEPT + 18,
    ]);
  });

  it("keeps the latest attempts across suspensions of the lane, and drops the oldest first", async () => {
    const rounds = [45, 45, 70];
    let minute = 0;
    let rule: DeliveryRecord | undefined;
    const all: Attempt[] = [];
    for (const attempts of rounds)
      for (let number = 1; number <= attempts; number++) {
        const at = minuteAt(++minute);
        const outcome = number === attempts ? "suspend" : "retry";
        const next = note(outcome, { at, attempt: { ...attempt(number, outcome), at } });
        if (next.attempt !== undefined) all.push(next.attempt);
        await log().note(next);
        rule = addNote(rule, next);
      }
    // An attempt that was under way when the delivery was closed also replaces the oldest.
    const at = minuteAt(++minute);
    for (const late of [note("skipped", { at }), note("retry", { at, attempt: { ...attempt(71), at } })]) {
      if (late.attempt !== undefined) all.push(late.attempt);
      await log().note(late);
      rule = addNote(rule, late);
    }
    const row = await read();
    expect(row?.attempts).toEqual(all.slice(-ATTEMPTS_KEPT));
    expect({ ...rule, attempts: inOrder(rule?.attempts ?? []) }).toEqual(row);
  });

  it("loses no attempt if two are added to a full list at the same time", async () => {
    for (let number = 1; number <= ATTEMPTS_KEPT; number++) {
      const at = minuteAt(number);
      await log().note(note("retry", { at, attempt: { ...attempt(number), at } }));
    }
    const late = [1, 2].map((number) => ATTEMPTS_KEPT + number);
    await Promise.all(
      late.map((number) =>
        log().note(note("retry", { attempt: { ...attempt(number), at: minuteAt(number) } })),
      ),
    );
    const numbers = (await read())?.attempts.map((one) => one.attempt) ?? [];
    expect(numbers).toHaveLength(ATTEMPTS_KEPT);
    expect([numbers[0], ...numbers.slice(-2)]).toEqual([3, ...late]);
  });

  it("restarts the row's time to live", async () => {
    await log().note(note("suspend", { attempt: attempt(1, "suspend") }));
    const facts = { ...note("skipped").facts, expiresAt: 1_900_000_000 };
    await log().note({ ...note("skipped"), facts });
    expect((await read())?.expiresAt).toBe(1_900_000_000);
    const later = { ...facts, expiresAt: 1_950_000_000 };
    await log().note({ ...note("retry", { attempt: attempt(2) }), facts: later });
    expect((await read())?.expiresAt).toBe(1_950_000_000);
  });
});

describe("the list of deliveries", () => {
  it("is newest first, filtered by time and outcome, and names the next page", async () => {
    const destination = "ws_1/dst_list";
    for (let id = 1; id <= 5; id++) {
      const facts = { ...note("retry").facts, destination, delivery: `whd_${id}` };
      await log().note({ ...note(id % 2 === 0 ? "split" : "delivered"), facts });
    }
    const list = (window: {
      fromId?: string;
      beforeId?: string;
      outcome?: DeliveryOutcome;
      limit?: number;
    }) =>
      reader().listDeliveries("ws_1", "dst_list", {
        fromId: "whd_0",
        beforeId: "whd_9",
        limit: 10,
        ...window,
      });
    const ids = async (window: Parameters<typeof list>[0]) =>
      (await list(window)).deliveries.map((row) => row.delivery);
    expect(await ids({})).toEqual(["whd_5", "whd_4", "whd_3", "whd_2", "whd_1"]);
    expect(await ids({ fromId: "whd_2", beforeId: "whd_4" })).toEqual(["whd_3", "whd_2"]);
    expect(await ids({ outcome: "split" })).toEqual(["whd_4", "whd_2"]);
    const { next } = await list({ limit: 2 });
    expect(next).toBe("whd_4");
    expect(await ids({ beforeId: next ?? "" })).toEqual(["whd_3", "whd_2", "whd_1"]);
  });
});
