import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chainHeader } from "../../../../lambdas/core/delivery/chain-header.ts";
import { signBody } from "../../../../lambdas/core/delivery/signature.ts";
import { type KeptRequest, verifyChain } from "../../../../lambdas/core/delivery/verify-chain.ts";

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const OTHER = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;

const idOf = (number: number): string => (number === 0 ? "-" : `whd_${number}`);

function kept(
  number: number,
  changes: { previousId?: string; body?: string; secret?: string; id?: string } = {},
): KeptRequest {
  const { previousId = idOf(number - 1), body = `[${number}]`, secret = SECRET, id = idOf(number) } = changes;
  return {
    headers: {
      "X-Webhook-Id": id,
      "X-Webhook-Timestamp": "1795410000",
      "X-Webhook-Signature": signBody(id, 1_795_410_000, body, [secret]),
      "X-Webhook-Chain": chainHeader({ lane: "live", number, previousId, id }, [secret]),
    },
    body,
  };
}

const run = (...numbers: number[]): KeptRequest[] => numbers.map((number) => kept(number));

describe("a receiver that kept everything", () => {
  it("missed nothing, whatever was repeated", () => {
    expect(verifyChain(run(1, 2, 2, 3, 3, 3), [SECRET])).toEqual({
      lanes: [{ path: "", lane: "live", first: 1, last: 3, deliveries: 3, repeats: 3 }],
      findings: [],
    });
  });

  it("may have begun in the middle of a chain", () => {
    expect(verifyChain(run(41, 42), [SECRET])).toMatchObject({
      lanes: [{ first: 41, last: 42 }],
      findings: [],
    });
  });

  it("tells destinations apart by path, and takes either secret during a rotation", () => {
    const one = { ...kept(1), path: "/one" };
    const two = { ...kept(1, { secret: OTHER, id: "whd_x" }), path: "/two" };
    const { lanes, findings } = verifyChain([one, two], [SECRET, OTHER]);
    expect(findings).toEqual([]);
    expect(lanes.map(({ path }) => path)).toEqual(["/one", "/two"]);
  });
});

describe("what is wrong is found", () => {
  it("whatever is left out between the first and the last, by its numbers", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 30 }), fc.integer(), fc.integer(), (length, a, b) => {
        const from = 2 + (Math.abs(a) % (length - 2));
        const to = from + (Math.abs(b) % (length - from));
        const numbers = Array.from({ length }, (_, index) => index + 1).filter((n) => n < from || n > to);
        const { findings } = verifyChain(run(...numbers), [SECRET]);
        expect(findings).toEqual([
          expect.objectContaining({ kind: "missing", number: from, toNumber: to, delivery: idOf(to) }),
        ]);
      }),
    );
  });

  it.each([
    ["broken-link", [kept(1), kept(2, { previousId: "whd_9" })]],
    ["broken-link", [kept(1, { previousId: "whd_9" })]],
    ["double-number", [kept(1), kept(1, { id: "whd_other" })]],
    ["changed-body", [kept(1), kept(1, { body: "[2]" })]],
    ["bad-signature", [kept(1, { secret: OTHER })]],
    ["bad-signature", [{ ...kept(1), body: "[9]" }]],
    ["no-chain", [{ headers: { "x-webhook-id": "whd_1" }, body: "[]" }]],
  ] as const)("%s", (kind, requests) => {
    expect(verifyChain(requests, [SECRET]).findings).toEqual([expect.objectContaining({ kind })]);
  });

  it("without a secret all but the signatures", () => {
    expect(verifyChain([kept(1, { secret: OTHER }), kept(3)], []).findings).toMatchObject([
      { kind: "missing" },
    ]);
  });
});
