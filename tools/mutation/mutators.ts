import { arithmetic, assignments, calls, comparisons, logic, negations } from "./mutate-operators.ts";
import { arrays, flags, numbers, patterns, properties, strings } from "./mutate-values.ts";
import { chains, conditions, statements } from "./mutate-flow.ts";
import type { Mutator } from "./mutants.ts";

/** Every kind of change that is tried. What one of them implies is left to it, so that a gap is reported once. */
export const MUTATORS: readonly Mutator[] = [
  conditions,
  statements,
  chains,
  logic,
  comparisons,
  negations,
  arithmetic,
  assignments,
  calls,
  flags,
  numbers,
  strings,
  patterns,
  arrays,
  properties,
];
