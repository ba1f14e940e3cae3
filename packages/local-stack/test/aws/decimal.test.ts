import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addNumbers, compareNumbers, encodeNumber, normaliseNumber } from "../../src/aws/dynamodb/decimal.ts";

/** Numbers as exact fractions: an integer and a power of ten. */
const number = fc
  .tuple(fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }), fc.integer({ min: -9, max: 9 }))
  .map(([digits, exponent]) => ({
    text: `${digits}e${exponent}`,
    scaled: digits * 10n ** BigInt(exponent + 9),
  }));

describe("numbers of DynamoDB", () => {
  it("have keys whose bytes sort like the numbers", () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        const expected = a.scaled < b.scaled ? -1 : a.scaled > b.scaled ? 1 : 0;
        expect(Buffer.compare(encodeNumber(a.text), encodeNumber(b.text))).toBe(expected);
        const order = compareNumbers(normaliseNumber(a.text), normaliseNumber(b.text));
        expect(Math.sign(order)).toBe(expected);
      }),
    );
  });

  it("are added exactly", () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(addNumbers(a.text, b.text)).toBe(normaliseNumber(`${a.scaled + b.scaled}e-9`));
      }),
    );
  });

  it.each([
    ["1.0", "1"],
    ["+1", "1"],
    ["-0", "0"],
    ["1e3", "1000"],
    ["0.10", "0.1"],
    ["-1.50E-2", "-0.015"],
    ["00012", "12"],
  ])("normalise %s to %s", (text, expected) => expect(normaliseNumber(text)).toBe(expected));

  it.each([
    ["1e126", "overflow"],
    ["1e-131", "underflow"],
    ["1".repeat(39), "more than 38 significant digits"],
    ["abc", "cannot be converted"],
    ["", "cannot be converted"],
    [".", "cannot be converted"],
  ])("refuse %s: %s", (text, message) => expect(() => normaliseNumber(text)).toThrow(message));

  it("reach from 1E-130 to 9.9E+125", () => {
    const edge = ["-9.9e125", "-1e-130", "0", "1e-130", "9.9e125"];
    const sorted = edge.toSorted((a, b) => Buffer.compare(encodeNumber(b), encodeNumber(a))).toReversed();
    expect(sorted).toEqual(edge);
  });
});
