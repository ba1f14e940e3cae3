import fc from "fast-check";
import { expect, it } from "vitest";
import {
  entryKeyOf,
  eventId,
  isEntryKey,
  isWorkspaceId,
  newEntryKey,
  newId,
  placeOfEvent,
  shardOf,
} from "../../../../lambdas/core/base/ids.ts";

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });

it("gives different entries different keys of the same form", () => {
  fc.assert(
    fc.property(bytes16, bytes16, (a, b) => {
      const [first, second] = [newEntryKey(() => a), newEntryKey(() => b)];
      expect(isEntryKey(first)).toBe(true);
      expect(first === second).toBe(a.every((byte, index) => byte === b[index]));
    }),
  );
});

it("encodes 16 bytes in Crockford's base 32", () => {
  expect(newEntryKey(() => new Uint8Array(16))).toBe(`ent_${"0".repeat(26)}`);
  expect(newEntryKey(() => new Uint8Array(16).fill(0xff))).toBe(`ent_${"z".repeat(25)}w`);
});

it("derives an entry and a position from an event's id, and from no other text", () => {
  fc.assert(
    fc.property(bytes16, fc.nat({ max: 99 }), (bytes, position) => {
      const entry = newEntryKey(() => bytes);
      expect(placeOfEvent(eventId(entry, position))).toStrictEqual({ entry, position });
    }),
  );
  for (const id of [
    "",
    "aud_",
    `aud_${"0".repeat(27)}`,
    `aud_${"l".repeat(26)}00`,
    `ent_${"0".repeat(28)}`,
    `aud_${"0".repeat(28)}\n`,
  ]) {
    expect(placeOfEvent(id)).toBeUndefined();
  }
});

it("derives the key of a request only from the workspace and the Idempotency-Key", () => {
  expect(entryKeyOf("ws_1", "k")).toBe(entryKeyOf("ws_1", "k"));
  expect(entryKeyOf("ws_1", "k")).not.toBe(entryKeyOf("ws_2", "k"));
  expect(isEntryKey(entryKeyOf("ws_1", "k"))).toBe(true);
});

it("makes ids that sort by time as text", () => {
  fc.assert(
    fc.property(
      // The library reads the time 0 as "no time given".
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.integer({ min: 1, max: 2 ** 30 }),
      bytes16,
      bytes16,
      (now, later, a, b) => {
        const [before, after] = [newId("whd_", now, () => a), newId("whd_", now + later, () => b)];
        expect(before).toMatch(/^whd_[0-9A-HJKMNP-TV-Z]{26}$/);
        expect(before < after).toBe(true);
      },
    ),
  );
});

it("recognises a workspace's id", () => {
  expect(["ws_1", `ws_${"a".repeat(61)}`, "ws_A_9"].every(isWorkspaceId)).toBe(true);
  expect(
    ["ws_", "1", "ws_a/b", "ws_a b", "ws_é", `ws_${"a".repeat(62)}`, "ws_1\n", "*"].some(isWorkspaceId),
  ).toBe(false);
});

it("spreads entries over all shards of a workspace that has several", () => {
  const shards = Array.from({ length: 200 }, (_, index) => shardOf(`ent_${index}`, 4));
  expect(new Set(shards)).toStrictEqual(new Set([0, 1, 2, 3]));
  expect(shardOf("ent_1", 1)).toBe(0);
});
