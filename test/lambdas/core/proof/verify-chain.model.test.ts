import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ChainReport,
  type KeptRequest,
  verifyChain,
} from "../../../../lambdas/core/proof/verify-chain.ts";
import { kept, secretOf } from "../../../helpers/kept-requests.ts";

/** One line of a receiver's file, and the delivery that it belongs to. */
interface Line {
  chain: string;
  number: number;
  id: string;
  request: KeptRequest;
}

interface Kept {
  lines: Line[];
  secrets: string[];
}

interface Shape {
  live: number;
  replay: number;
  /** The secret is rotated after this delivery number; both secrets sign the next `grace` deliveries. */
  rotatedAfter: number;
  grace: number;
  /** The URL is changed after this delivery number. */
  movedAfter: number;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  live: fc.integer({ min: 1, max: 9 }),
  replay: fc.integer({ min: 0, max: 3 }),
  rotatedAfter: fc.integer({ min: 0, max: 12 }),
  grace: fc.integer({ min: 0, max: 3 }),
  movedAfter: fc.integer({ min: 0, max: 12 }),
});

/**
 * A complete file. The lanes of its destinations are interleaved and each is in order; some lines are repeated at once.
 */
const file: fc.Arbitrary<Kept> = fc
  .record({
    shapes: fc.array(shape, { minLength: 1, maxLength: 3 }),
    turns: fc.infiniteStream(fc.nat()),
    repeats: fc.infiniteStream(fc.nat({ max: 3 })),
    hasPaths: fc.boolean(),
  })
  .map(({ shapes, turns, repeats, hasPaths }) => {
    const lanes = shapes
      .flatMap((one, place) => lanesOf(one, place, hasPaths))
      .filter(({ length }) => length > 0);
    const lines: Line[] = [];
    while (lanes.some(({ length }) => length > 0)) {
      const open = lanes.filter(({ length }) => length > 0);
      const line = open[turns.next().value! % open.length]!.shift()!;
      lines.push(line);
      if (repeats.next().value === 0) lines.push(line);
    }
    return {
      lines,
      secrets: shapes.flatMap((_, place) => [secretOf(2 * place + 1), secretOf(2 * place + 2)]),
    };
  });

function lanesOf(
  { live, replay, rotatedAfter, grace, movedAfter }: Shape,
  place: number,
  hasPaths: boolean,
): Line[][] {
  const [old, young] = [secretOf(2 * place + 1), secretOf(2 * place + 2)];
  const lineOf = (lane: string, number: number): Line => {
    const chain = `${place}_${lane}`;
    const nameOf = (of: number): string => (of === 0 ? "-" : `whd_${chain}_${of}`);
    const isYoung = lane === "live" && number > rotatedAfter;
    const secrets = isYoung ? (number <= rotatedAfter + grace ? [young, old] : [young]) : [old];
    const path = `/${place}${number > movedAfter ? "/moved" : ""}`;
    const request = kept(number, {
      lane,
      id: nameOf(number),
      previousId: nameOf(number - 1),
      body: `[${number}]`,
      secrets,
      ...(hasPaths && { path }),
    });
    return { chain, number, id: nameOf(number), request };
  };
  return [
    Array.from({ length: live }, (_, index) => lineOf("live", index + 1)),
    Array.from({ length: replay }, (_, index) => lineOf(`rpl_${place}`, index + 1)),
  ];
}

const verify = (lines: readonly Line[], secrets: readonly string[]): ChainReport =>
  verifyChain(
    lines.map(({ request }) => request),
    secrets,
  );

/** Whether there are no findings and each lane is complete from its beginning. */
const isClean = ({ findings, lanes }: ChainReport): boolean =>
  findings.length === 0 && lanes.every(({ isWhole }) => isWhole);

const lastOf = (lines: readonly Line[], chain: string): number =>
  Math.max(...lines.filter((line) => line.chain === chain).map(({ number }) => number));

describe("a file of random destinations, rotations, changes of URL and repeats", () => {
  it("has no findings if it is complete, and each lane is proved from its first to its last number", () => {
    fc.assert(
      fc.property(file, ({ lines, secrets }) => {
        const report = verify(lines, secrets);
        expect(report.findings).toEqual([]);
        const proved = report.lanes.map(({ first, last, isWhole }) => [first, last, isWhole]);
        const chains = [...new Set(lines.map(({ chain }) => chain))];
        expect(proved).toEqual(chains.map((chain) => [1, lastOf(lines, chain), true]));
        expect(report.lanes.reduce((sum, { repeats, deliveries }) => sum + repeats + deliveries, 0)).toBe(
          lines.length,
        );
      }),
      { numRuns: 300 },
    );
  });

  it("has no findings without secrets either, if paths distinguish the destinations", () => {
    fc.assert(
      fc.property(file, ({ lines }) => {
        fc.pre(lines.every(({ request }) => request.path !== undefined));
        expect(isClean(verify(lines, []))).toBe(true);
      }),
    );
  });

  it("is reported if any deliveries before the last of their lane are missing, with or without secrets", () => {
    fc.assert(
      fc.property(file, fc.nat(), fc.nat({ max: 3 }), ({ lines, secrets }, at, more) => {
        const early = lines.filter(({ chain, number }) => number < lastOf(lines, chain));
        fc.pre(early.length > 0);
        const { chain, number, id } = early[at % early.length]!;
        const to = Math.min(number + more, lastOf(lines, chain) - 1);
        const rest = lines.filter((line) => line.chain !== chain || line.number < number || line.number > to);
        const lastLost = to === number ? id : id.replace(/\d+$/, String(to));
        const report = verify(rest, secrets);
        // At a rotation without grace, only the previous id that a delivery names shows that something is missing.
        const gap = report.findings.find(({ kind }) => kind === "missing");
        const begun = report.lanes.find(({ isWhole }) => !isWhole);
        expect(gap?.delivery ?? begun?.previousId).toBe(lastLost);
        expect(gap === undefined || (gap.number === number && gap.toNumber === to)).toBe(true);
        expect(isClean(verify(rest, []))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("is reported if a number, previous id, id, lane, time or body was altered", () => {
    const alterations: Readonly<Record<string, (request: KeptRequest) => KeptRequest>> = {
      number: (request) =>
        relink(request, ([lane, number, ...rest]) => [lane!, `${Number(number) + 1}`, ...rest]),
      previous: (request) => relink(request, ([lane, number, , rest]) => [lane!, number!, "whd_0", rest!]),
      lane: (request) => relink(request, ([, ...rest]) => ["other", ...rest]),
      id: (request) => ({ ...request, headers: { ...request.headers, "X-Webhook-Id": "whd_0" } }),
      time: (request) => ({
        ...request,
        headers: { ...request.headers, "X-Webhook-Timestamp": "1795410001" },
      }),
      body: (request) => ({ ...request, body: `${request.body} ` }),
    };
    const kinds = fc.constantFrom(...Object.keys(alterations));
    fc.assert(
      fc.property(file, fc.nat(), kinds, ({ lines, secrets }, at, kind) => {
        const place = at % lines.length;
        const line = lines[place]!;
        const altered = lines.with(place, { ...line, request: alterations[kind]!(line.request) });
        expect(verify(altered, secrets).findings).toContainEqual(
          expect.objectContaining({ kind: "bad-signature", request: place }),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("is reported if two consecutive deliveries of a lane were swapped", () => {
    fc.assert(
      fc.property(file, fc.nat(), ({ lines, secrets }, at) => {
        const firsts = lines.filter((line, place) => lines.indexOf(line) === place);
        const late = firsts.filter(({ number }) => number > 1);
        fc.pre(late.length > 0);
        const later = late[at % late.length]!;
        const earlier = firsts.find(
          ({ chain, number }) => chain === later.chain && number === later.number - 1,
        )!;
        const swapped = firsts.map((line) => (line === later ? earlier : line === earlier ? later : line));
        expect(verify(swapped, secrets).findings).toEqual([
          expect.objectContaining({ kind: "out-of-order", delivery: earlier.id, after: later.number }),
        ]);
      }),
    );
  });
});

function relink(request: KeptRequest, change: (parts: string[]) => string[]): KeptRequest {
  const parts = request.headers["X-Webhook-Chain"]!.split(";");
  return { ...request, headers: { ...request.headers, "X-Webhook-Chain": change(parts).join(";") } };
}
