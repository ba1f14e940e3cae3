import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../bench/faults/answer-by-fault.ts";
import { createLedger, type Ledger } from "../../../bench/faults/ledger.ts";
import type { Arrival } from "../../../bench/faults/receivers.ts";
import { describeVerdict, isSound, judgeLedger } from "../../../bench/faults/verdict.ts";
import { chainHeader } from "../../../lambdas/core/delivery/chain-header.ts";
import { signBody } from "../../../lambdas/core/delivery/signature.ts";

const WORKSPACE = "ws_faults_0";
const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const SENT_SECONDS = 1_795_410_000;
const POSTED_AT = SENT_SECONDS * 1000;

/** A ledger of one workspace whose emitter `posted` events in this order, after which its receiver got `requests`. */
function ledgerOf(posted: readonly string[], requests: readonly Arrival[], strays: string[] = []): Ledger {
  const ledger = createLedger(new Map([[WORKSPACE, SECRET]]), strays);
  ledger.posted(
    WORKSPACE,
    posted.map((id) => ({ id, isWanted: !id.startsWith("noise"), at: POSTED_AT })),
  );
  for (const arrival of requests) ledger.arrived(arrival);
  return ledger;
}

/** A request for delivery `number` of the lane with these events. */
function request(
  number: number,
  ids: readonly string[],
  outcome: Outcome = "acknowledged",
  changes: { data?: string; secret?: string; delivery?: string } = {},
): Arrival {
  const { data = "", secret = SECRET, delivery = `whd_${number}` } = changes;
  const body = JSON.stringify(
    ids.map((id) => ({ specversion: "1.0", id, source: "/test", type: "pro.atmos.bench.made", data })),
  );
  const previousId = number === 1 ? "-" : `whd_${number - 1}`;
  const headers = {
    "content-type": "application/cloudevents-batch+json; charset=utf-8",
    "webhook-id": delivery,
    "webhook-timestamp": String(SENT_SECONDS),
    "webhook-signature": signBody(delivery, SENT_SECONDS, body, [secret]),
    "x-webhook-chain": chainHeader({ lane: "live", number, previousId, id: delivery }, [secret]),
  };
  return { workspace: WORKSPACE, at: POSTED_AT + number * 100, headers, body, outcome };
}

const counts = (ledger: Ledger): object => {
  const { lost, outOfOrder, holes, wrong } = judgeLedger(ledger, ledger.accepted());
  return { lost, outOfOrder, holes, wrong };
};
const CLEAN = { lost: 0, outOfOrder: 0, holes: 0, wrong: 0 };

describe("a lane that kept every promise", () => {
  it("is sound, with latencies measured from the POST to the first 2xx", () => {
    const verdict = judgeLedger(ledgerOf(["a", "noise-1", "b"], [request(1, ["a"]), request(2, ["b"])]), 3);
    expect(verdict).toMatchObject({ ...CLEAN, events: 3, deliveries: 2, p50: 200, details: [] });
    expect(isSound(verdict)).toBe(true);
  });

  it("may repeat requests, which are counted as duplicates if the receiver had kept them", () => {
    const verdict = judgeLedger(
      ledgerOf(
        ["a", "b", "c"],
        [
          request(1, ["a", "b"], "refused"),
          request(1, ["a", "b"], "kept"),
          request(1, ["a", "b"]),
          request(1, ["a", "b"]),
          request(2, ["c"]),
        ],
      ),
      3,
    );
    expect(verdict).toMatchObject({ ...CLEAN, repeatedEvents: 4, repeatedDeliveries: 2 });
    expect(describeVerdict(verdict)).toContain("duplicated 4 events / 2 deliveries (by id)");
  });

  it("may split a batch that was too large, whether or not it was kept before", () => {
    const first = (outcome: Outcome): Arrival => request(1, ["a", "b", "c", "d"], outcome);
    const halves = [request(2, ["a", "b"]), request(3, ["c", "d"])];
    expect(counts(ledgerOf(["a", "b", "c", "d"], [first("refused"), ...halves]))).toEqual(CLEAN);
    expect(counts(ledgerOf(["a", "b", "c", "d"], [first("kept"), first("refused"), ...halves]))).toEqual(
      CLEAN,
    );
  });
});

describe("the verdict counts", () => {
  it("an event as lost that was never acknowledged, even if it arrived or was kept", () => {
    expect(counts(ledgerOf(["a", "b"], [request(1, ["a"])]))).toEqual({ ...CLEAN, lost: 1 });
    for (const outcome of ["refused", "kept"] as const) {
      const ledger = ledgerOf(["a", "b"], [request(1, ["a"]), request(2, ["b"], outcome)]);
      expect(counts(ledger)).toEqual({ ...CLEAN, lost: 1 });
      expect(isSound(judgeLedger(ledger, ledger.accepted()))).toBe(false);
    }
  });

  it("a planned event as unaccepted that was never answered 202", () => {
    const verdict = judgeLedger(ledgerOf(["a"], [request(1, ["a"])]), 3);
    expect(verdict).toMatchObject({ ...CLEAN, unaccepted: 2 });
    expect(isSound(verdict)).toBe(false);
    expect(describeVerdict(verdict)).toContain("unaccepted 2");
  });

  it("an event as out of order that arrived before an earlier one", () => {
    const ledger = ledgerOf(["a", "b"], [request(1, ["b"]), request(2, ["a"])]);
    expect(counts(ledger)).toEqual({ ...CLEAN, outOfOrder: 1 });
    expect(judgeLedger(ledger, ledger.accepted()).details).toEqual([
      `${WORKSPACE} out of order a at 0 first brought after 1`,
    ]);
  });

  it("a refused batch as out of order that is retried only after the next one was accepted", () => {
    const ledger = ledgerOf(["a", "b"], [request(1, ["a"], "refused"), request(2, ["b"]), request(1, ["a"])]);
    expect(counts(ledger)).toEqual({ ...CLEAN, outOfOrder: 1 });
    expect(isSound(judgeLedger(ledger, ledger.accepted()))).toBe(false);
  });

  it("a batch as out of order that was kept without a response and acknowledged after the next one", () => {
    const ledger = ledgerOf(["a", "b"], [request(1, ["a"], "kept"), request(2, ["b"]), request(1, ["a"])]);
    expect(counts(ledger)).toEqual({ ...CLEAN, outOfOrder: 1 });
  });

  it("a missing number as a hole, at the beginning or in the middle", () => {
    expect(counts(ledgerOf(["a", "b"], [request(1, ["a"]), request(3, ["b"])]))).toEqual({
      ...CLEAN,
      holes: 1,
    });
    expect(counts(ledgerOf(["a"], [request(2, ["a"])]))).toEqual({ ...CLEAN, holes: 1 });
  });

  it("a repeat with another body and a number used twice as holes", () => {
    const changed = [request(1, ["a"], "refused"), request(1, ["a"], "acknowledged", { data: "other" })];
    expect(counts(ledgerOf(["a"], changed))).toEqual({ ...CLEAN, holes: 1 });
    const twice = [request(1, ["a"]), request(1, ["b"], "acknowledged", { delivery: "whd_other" })];
    expect(counts(ledgerOf(["a", "b"], twice))).toEqual({ ...CLEAN, holes: 1 });
  });

  it("an event as wrong that was never posted or is excluded by the filter, and forged or redirected requests", () => {
    const a = request(1, ["a"]);
    expect(counts(ledgerOf(["a"], [a, request(2, ["x"])]))).toEqual({ ...CLEAN, wrong: 1 });
    expect(counts(ledgerOf(["a", "noise-1"], [a, request(2, ["noise-1"])]))).toEqual({ ...CLEAN, wrong: 1 });
    expect(counts(ledgerOf(["a"], [a], ["/followed"]))).toEqual({ ...CLEAN, wrong: 1 });
    const secret = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;
    const forged = request(2, ["b"], "acknowledged", { secret });
    expect(judgeLedger(ledgerOf(["a"], [a, forged]), 1)).toMatchObject({ lost: 0, wrong: 1 });
  });
});
