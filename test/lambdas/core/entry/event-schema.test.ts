import { describe, expect, it } from "vitest";
import { recordRequestSchema } from "../../../../lambdas/core/entry/event-schema.ts";
import { postedEvent } from "../../../helpers/sample-events.ts";

/** Metadata with this many levels of objects. */
function nested(levels: number): Record<string, unknown> {
  return levels === 1 ? { end: true } : { inner: nested(levels - 1) };
}

const longest = "x".repeat(512);
const takes = (changes: object): boolean =>
  recordRequestSchema.safeParse({ events: [{ ...postedEvent(), ...changes }] }).success;

describe("an event", () => {
  it.each<[string, object]>([
    ["names of 512 characters", { category: longest, action: longest }],
    ["ids and types of 512 characters", { actor: { type: longest, id: longest } }],
    ["a target whose id and type have 512 characters", { target: { type: longest, id: longest } }],
    ["a name of one letter", { category: "a", action: "b" }],
    ["digits and underscores after the first letter", { category: "a_1", action: "b2" }],
    ["an id in any script", { actor: { type: "user", id: "Zoë 😀" } }],
    ["metadata of 32 levels", { metadata: nested(32) }],
    ["a list on the last level", { metadata: { list: [[{ a: 1 }], []] } }],
    ["the largest integer that a float represents exactly", { metadata: { n: Number.MAX_SAFE_INTEGER } }],
    [
      "the smallest integer that a float represents exactly",
      { metadata: { list: [Number.MIN_SAFE_INTEGER] } },
    ],
    ["fractions", { metadata: { n: 1e-7 } }],
    ["the first moment of the year 0", { time: "0000-01-01T00:00:00Z" }],
    ["the last moment of the year 9999", { time: "9999-12-31T23:59:59.999Z" }],
    ["a description of null", { description: null }],
    ["empty texts for people", { description: "", actor: { type: "user", id: "1", name: "", email: "" } }],
    ["an empty context", { context: {} }],
  ])("may have %s", (_what, changes) => {
    expect(takes(changes)).toBe(true);
  });

  it.each<[string, object]>([
    ["a category of 513 characters", { category: `${longest}x` }],
    ["an action of 513 characters", { action: `${longest}x` }],
    ["an id of 513 characters", { actor: { type: "user", id: `${longest}x` } }],
    ["a type of 513 characters", { actor: { type: `${longest}x`, id: "1" } }],
    ["a target's id of 513 characters", { target: { type: "user", id: `${longest}x` } }],
    ["an empty type", { actor: { type: "", id: "1" } }],
    ["a name that begins with a digit", { category: "1a" }],
    ["a name that ends in another character", { action: "invited!" }],
    ["a line break after a name", { action: "invited\n" }],
    ["half of a surrogate pair in an id", { actor: { type: "user", id: "a\ud800" } }],
    ["a delete character in a type", { actor: { type: "user\u007f", id: "1" } }],
    ["metadata of 33 levels", { metadata: nested(33) }],
    ["metadata of null", { metadata: null }],
    ["metadata that is text", { metadata: "text" }],
    ["an integer that a float does not represent exactly", { metadata: { n: 2 ** 53 } }],
    ["such an integer in a list of objects", { metadata: { list: [{ a: 1 }, { b: -(2 ** 53) }] } }],
    ["an unknown property of the target", { target: { type: "user", id: "1", email: "a@b.c" } }],
    ["an unknown property of the context", { context: { host: "a" } }],
    ["a context of another type", { context: { ip: 1 } }],
  ])("may not have %s", (_what, changes) => {
    expect(takes(changes)).toBe(false);
  });
});
