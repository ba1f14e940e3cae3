import { expect, it } from "vitest";
import { judgeResolution } from "../../../../lambdas/core/egress/name-resolution.ts";

it("connects to each public address of a name once, IPv4 first, otherwise in the order of the answer", () => {
  const addresses = ["2606:4700::2", "8.8.8.8", "2606:4700::1", "1.1.1.1"];
  expect(judgeResolution({ kind: "addresses", addresses })).toEqual({
    kind: "dial",
    addresses: ["8.8.8.8", "1.1.1.1", "2606:4700::2", "2606:4700::1"],
  });
});

it.each([
  ["no address", []],
  ["a private address among public ones", ["8.8.8.8", "10.0.0.1"]],
  ["a private IPv6 address", ["fd00::1"]],
])("refuses a name with %s", (_what, addresses) => {
  expect(judgeResolution({ kind: "addresses", addresses })).toEqual({ kind: "refused" });
});

it("refuses a name that does not exist like one with a private address, so that the result reveals nothing about a network", () => {
  expect(judgeResolution({ kind: "not-found" })).toEqual({ kind: "refused" });
});

it.each(["timeout", "failed"] as const)(
  "tries again later if the result of the name servers is %s",
  (kind) => {
    expect(judgeResolution({ kind })).toEqual({ kind });
  },
);
