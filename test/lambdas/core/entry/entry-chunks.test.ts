import { expect, it } from "vitest";
import { chunksOf } from "../../../../lambdas/core/entry/entry-chunks.ts";
import type { EntryReference } from "../../../../lambdas/core/entry/entry.ts";

const reference = (entry: string, bytes: number): EntryReference => ({
  entry,
  shard: 0,
  recordedAt: "2026-11-23T12:00:00.000Z",
  count: 2,
  bytes,
  expiresAt: 0,
  hash: "",
});
/** Groups entries of these sizes, with two places in each, and returns the names of the entries. */
const namesOf = (...sizes: number[]): string[][] => {
  const references = sizes.map((bytes, index) => reference(`ent_${index}`, bytes));
  const places = references.flatMap((one) => [{ reference: one }, { reference: one }]);
  return chunksOf(places).map((chunk) => chunk.map((place) => place.reference.entry));
};

it("a chunk holds at most a megabyte of whole entries, in their order", () => {
  expect(namesOf(400_000, 600_000, 1)).toEqual([
    ["ent_0", "ent_0", "ent_1", "ent_1"],
    ["ent_2", "ent_2"],
  ]);
  expect(namesOf(600_000, 600_000)).toEqual([
    ["ent_0", "ent_0"],
    ["ent_1", "ent_1"],
  ]);
});

it("an entry of more than a megabyte has a chunk of its own", () => {
  expect(namesOf(1, 2_000_000, 1)).toEqual([
    ["ent_0", "ent_0"],
    ["ent_1", "ent_1"],
    ["ent_2", "ent_2"],
  ]);
});

it("there is no chunk without places", () => {
  expect(chunksOf([])).toEqual([]);
});
