import { expect, it } from "vitest";
import { ticketPrice } from "../../fixtures/mutation/ticket-price.ts";

// The mutation tool's own test runs these on changed copies of the file, and expects it to find what they miss.

it("lets children in for half", () => {
  expect([ticketPrice(0), ticketPrice(8), ticketPrice(40)]).toEqual([10, 10, 20]);
});

it("refuses an age below zero", () => {
  expect(() => ticketPrice(-1)).toThrow(RangeError);
});
