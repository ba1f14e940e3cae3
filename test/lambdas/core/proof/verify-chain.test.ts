import { describe, expect, it } from "vitest";
import { type KeptRequest, verifyChain } from "../../../../lambdas/core/proof/verify-chain.ts";
import { idOf, kept, OTHER, run, SECRET, secretOf, span } from "../../../helpers/kept-requests.ts";

const findings = (requests: readonly KeptRequest[], ...secrets: string[]) =>
  verifyChain(requests, secrets).findings;
const ranges = (requests: readonly KeptRequest[], ...secrets: string[]) =>
  verifyChain(requests, secrets).lanes.map(({ first, last, isWhole }) => [first, last, isWhole]);

describe("the file of a receiver that kept everything", () => {
  it("has no gap, whatever was repeated", () => {
    expect(verifyChain(run(1, 2, 2, 3, 3, 3), [SECRET])).toEqual({
      lanes: [
        {
          lane: "live",
          paths: [],
          signers: [0],
          first: 1,
          last: 3,
          lastId: "whd_3",
          previousId: "-",
          isWhole: true,
          deliveries: 3,
          repeats: 3,
        },
      ],
      findings: [],
      unfollowed: [],
    });
  });

  it("is split into the lanes of a destination, each numbered from 1", () => {
    const replay = span("replay", 1, 2, { lane: "rpl_1" });
    const { lanes, findings: found } = verifyChain([...run(1, 2), ...replay, kept(3)], [SECRET]);
    expect(found).toEqual([]);
    expect(lanes.map(({ lane, last }) => [lane, last])).toEqual([
      ["live", 3],
      ["rpl_1", 2],
    ]);
  });
});

describe("deliveries are grouped by their secret, not by their path", () => {
  const patched = (from: number, to: number): KeptRequest[] =>
    span("a", from, to, { path: from < 5 ? "/c2" : "/c2/v2" });

  it("into one chain across a change of the URL, which reports a gap at the change once", () => {
    expect(verifyChain([...patched(1, 4), ...patched(5, 7)], [SECRET])).toMatchObject({
      lanes: [{ paths: ["/c2", "/c2/v2"], first: 1, last: 7 }],
      findings: [],
    });
    expect(findings([...patched(1, 3), ...patched(6, 7)], SECRET)).toMatchObject([
      { kind: "missing", number: 4, toNumber: 5, delivery: "whd_a_5" },
    ]);
  });

  it("so that a path altered in the file hides no gap", () => {
    const requests = [...run(1, 2), ...[kept(4), kept(5)].map((one) => ({ ...one, path: "/elsewhere" }))];
    expect(findings(requests, SECRET)).toMatchObject([{ kind: "missing", number: 3 }]);
  });

  it("into two destinations if they have no paths or the same one", () => {
    for (const path of [undefined, "/siem"]) {
      const one = span("a", 1, 3, { ...(path !== undefined && { path }) });
      const two = span("b", 1, 2, { secrets: [OTHER], ...(path !== undefined && { path }) });
      const { lanes, findings: found } = verifyChain(
        [one[0]!, two[0]!, one[1]!, two[1]!, one[2]!],
        [SECRET, OTHER],
      );
      expect(found).toEqual([]);
      expect(lanes.map(({ signers, last }) => [signers, last])).toEqual([
        [[0], 3],
        [[1], 2],
      ]);
    }
  });
});

describe("a rotation", () => {
  const before = span("a", 1, 2);
  const during = span("a", 3, 4, { secrets: [OTHER, SECRET] });
  const after = span("a", 5, 6, { secrets: [OTHER] });

  it("with deliveries that both secrets signed leaves one chain in which every gap is found", () => {
    const whole = [...before, ...during, ...after];
    expect(ranges(whole, OTHER, SECRET)).toEqual([[1, 6, true]]);
    for (const hole of [2, 3, 4, 5])
      expect(
        findings(
          whole.filter((_, index) => index !== hole - 1),
          OTHER,
          SECRET,
        ),
      ).toMatchObject([{ kind: "missing", number: hole, toNumber: hole }]);
  });

  it("can be verified with the newest secret alone, from the first delivery that it signed", () => {
    expect(findings([...during, ...after], OTHER)).toEqual([]);
    expect(findings([...before, ...during], OTHER)).toMatchObject([
      { kind: "bad-signature", number: 1 },
      { kind: "bad-signature", number: 2 },
    ]);
  });

  it("without grace is joined by the previous id, and a gap there is reported as an unknown beginning", () => {
    const later = span("a", 3, 5, { secrets: [OTHER] });
    expect(ranges([...before, ...later], SECRET, OTHER)).toEqual([[1, 5, true]]);
    expect(verifyChain([...before, ...later.slice(1)], [SECRET, OTHER]).lanes).toMatchObject([
      { first: 1, last: 2, isWhole: true },
      { first: 4, last: 5, isWhole: false, previousId: "whd_a_3" },
    ]);
  });
});

describe("the beginning of a file", () => {
  it("is complete only at number 1 or after a known delivery", () => {
    expect(ranges(run(41, 42), SECRET)).toEqual([[41, 42, false]]);
    expect(verifyChain(run(41, 42), [SECRET], ["whd_40"])).toMatchObject({
      lanes: [{ isWhole: true, previousId: "whd_40" }],
      unfollowed: [],
    });
  });

  it("may repeat the last delivery of the file before", () => {
    expect(verifyChain(run(40, 41), [SECRET], ["whd_40"]).lanes).toMatchObject([{ isWhole: true }]);
  });

  it("does not follow the file before if deliveries between them were cut off", () => {
    expect(verifyChain(run(42, 43), [SECRET], ["whd_40"])).toMatchObject({
      lanes: [{ isWhole: false, previousId: "whd_41" }],
      unfollowed: ["whd_40"],
    });
  });
});

describe("verification without secrets", () => {
  it("checks everything but the signatures", () => {
    expect(findings([kept(1, { secrets: [OTHER] }), kept(3)])).toMatchObject([{ kind: "missing" }]);
  });

  it("distinguishes destinations by path, and joins paths if a delivery names one before it", () => {
    const moved = [...span("a", 1, 2, { path: "/one" }), ...span("a", 3, 4, { path: "/new" })];
    const back = span("a", 5, 6, { path: "/one" });
    const other = span("b", 1, 3, { path: "/two" });
    expect(ranges([...moved, ...other, ...back])).toEqual([
      [1, 6, true],
      [1, 3, true],
    ]);
    expect(findings([...moved, ...other, ...back])).toEqual([]);
  });

  it("takes a retry to another path for the same delivery", () => {
    const again = span("a", 2, 2, { path: "/new" });
    expect(findings([...span("a", 1, 2, { path: "/one" }), ...again])).toEqual([]);
  });

  it("reports a gap at a change of the path as an unknown beginning", () => {
    const requests = [...span("a", 1, 3, { path: "/c2" }), ...span("a", 6, 7, { path: "/c2/v2" })];
    expect(ranges(requests)).toEqual([
      [1, 3, true],
      [6, 7, false],
    ]);
  });
});

describe("the findings", () => {
  it.each([
    ["broken-link", [kept(1), kept(2, { previousId: "whd_9" })]],
    ["broken-link", [kept(1, { previousId: "whd_9" })]],
    ["broken-link", [kept(2, { previousId: "-" })]],
    ["broken-link", [kept(1), kept(2), kept(4, { previousId: "whd_1" })]],
    ["broken-link", [kept(1), kept(2), kept(2, { previousId: "whd_9" })]],
    ["double-number", [kept(1), kept(1, { id: "whd_other" })]],
    ["changed-body", [kept(1), kept(1, { body: "[2]" })]],
    ["out-of-order", run(1, 3, 2)],
    ["bad-signature", [kept(1, { secrets: [OTHER] })]],
    ["bad-signature", [{ ...kept(1), body: "[9]" }]],
    ["no-chain", [{ headers: { "x-webhook-id": "whd_1" }, body: "[]" }]],
  ] as const)("include %s", (kind, requests) => {
    expect(findings(requests, SECRET)).toEqual([expect.objectContaining({ kind })]);
  });

  it("name the later of two swapped deliveries, and the number after which it came", () => {
    expect(findings(run(1, 2, 4, 3, 5), SECRET)).toEqual([
      { kind: "out-of-order", request: 3, lane: "live", number: 3, delivery: idOf(3), after: 4 },
    ]);
  });

  it("do not include a late repeat of a delivery that was in order the first time", () => {
    expect(findings(run(1, 2, 3, 2), SECRET)).toEqual([]);
  });

  it("include a body of one destination with the chain header of another, even if both secrets are given", () => {
    const [one, two] = [kept(1), kept(1, { secrets: [OTHER] })];
    const mixed = { ...one, headers: { ...one.headers, "X-Webhook-Chain": two.headers["X-Webhook-Chain"]! } };
    expect(findings([mixed], SECRET, OTHER)).toMatchObject([{ kind: "bad-signature" }]);
    expect(findings([kept(1, { secrets: [secretOf(3)] })], SECRET, OTHER)).toMatchObject([
      { kind: "bad-signature" },
    ]);
  });
});
