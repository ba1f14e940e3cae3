import { createHash } from "node:crypto";

/** Seeded chance: the same names give the same result in every run, in whatever order they are requested. */
export interface Chance {
  /** A number from 0 up to, but not including, 1. */
  at(...names: readonly (string | number)[]): number;
  /** A whole number from `least` up to and including `greatest`. */
  whole(least: number, greatest: number, ...names: readonly (string | number)[]): number;
  /** Picks one kind by weight; `undefined` for the share that the weights leave of 1. */
  pick<Kind extends string>(
    weights: Readonly<Partial<Record<Kind, number>>>,
    ...names: readonly (string | number)[]
  ): Kind | undefined;
}

export function createChance(seed: number): Chance {
  const at: Chance["at"] = (...names) =>
    createHash("sha256")
      .update([seed, ...names].join("\n"))
      .digest()
      .readUInt32BE(0) /
    2 ** 32;
  return {
    at,
    whole: (least, greatest, ...names) => least + Math.floor(at(...names) * (greatest - least + 1)),
    pick<Kind extends string>(
      weights: Readonly<Partial<Record<Kind, number>>>,
      ...names: readonly (string | number)[]
    ) {
      let rest = at(...names);
      for (const [kind, weight] of Object.entries(weights) as [Kind, number][]) {
        if (rest < weight) return kind;
        rest -= weight;
      }
      return undefined;
    },
  };
}
