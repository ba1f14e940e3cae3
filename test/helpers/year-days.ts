import fc from "fast-check";

/** What happens on one day besides recording and the purge. */
export type Happening =
  | { kind: "plan"; plan: string }
  /** For a hold that is set with this many nights without a purge. */
  | { kind: "hold"; on: boolean; nights: number }
  | { kind: "end" | "quiet" }
  | { kind: "revive"; plan: string; hold: boolean | undefined }
  | { kind: "crash"; calls: number }
  | { kind: "twice"; order: number[] }
  /** An entry cannot be journalled, and is redriven this many days later. */
  | { kind: "quarantine"; days: number }
  /** No purge runs for this many nights. */
  | { kind: "down"; nights: number };

export interface Day {
  happening: Happening;
  hour: number;
  pages: { entries: number; laterMinutes: number }[];
  /** TTL removes what expired up to this very second, or up to three days ago. */
  ttlLateDays: number;
  /** After a change the purge runs within the hour, and may crash once before. */
  purgeMinutes: number;
  /** A request that had read the workspace's row before the change records after it. */
  isOvertaken: boolean;
  /** The purge of the night dies after this many calls and is not retried before the next night. */
  nightCrash: number | undefined;
}

const somePlan = fc.constantFrom("free", "team", "enterprise");
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 20, arbitrary: fc.constant<Happening>({ kind: "quiet" }) },
  { weight: 3, arbitrary: somePlan.map((plan) => ({ kind: "plan" as const, plan })) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("hold" as const),
      on: fc.boolean(),
      nights: fc.constantFrom(0, 12),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: "end" }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("revive" as const),
      plan: somePlan,
      hold: fc.constantFrom(undefined, undefined, true, false),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 6 }).map((days) => ({ kind: "quarantine" as const, days })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1, 2).map((nights) => ({ kind: "down" as const, nights })),
  },
  { weight: 3, arbitrary: fc.nat(40).map((calls) => ({ kind: "crash" as const, calls })) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.nat(1), { minLength: 1, maxLength: 30 })
      .map((order) => ({ kind: "twice" as const, order })),
  },
);
export const day: fc.Arbitrary<Day> = fc.record({
  happening,
  hour: fc.nat(20),
  pages: fc.array(fc.record({ entries: fc.integer({ min: 1, max: 3 }), laterMinutes: fc.nat(40) }), {
    maxLength: 2,
  }),
  ttlLateDays: fc.constantFrom(0, 0, 1, 3),
  purgeMinutes: fc.nat(50),
  isOvertaken: fc.boolean(),
  nightCrash: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.nat(40) },
  ),
});
