import { attributeOf, setAttribute, type AttributeValue, type Item } from "../attribute-value.ts";
import type { ResolvedPath } from "./bindings.ts";

/** The parts to return: everything (`null`) or some children. */
type Wanted = Map<string | number, Wanted> | null;

function wantedOf(paths: readonly ResolvedPath[]): Map<string | number, Wanted> {
  const root = new Map<string | number, Wanted>();
  for (const path of paths) {
    let level = root;
    for (const [depth, step] of path.entries()) {
      if (depth === path.length - 1) {
        level.set(step, null);
        break;
      }
      const child = level.get(step) ?? new Map<string | number, Wanted>();
      level.set(step, child);
      level = child;
    }
  }
  return root;
}

function pickMembers(
  list: readonly AttributeValue[],
  wanted: Map<string | number, Wanted>,
): AttributeValue[] {
  return list.flatMap((member, index) => {
    const part = wanted.has(index) ? pick(member, wanted.get(index) ?? null) : undefined;
    return part === undefined ? [] : [part];
  });
}

function pick(value: AttributeValue, wanted: Wanted): AttributeValue | undefined {
  if (wanted === null) return value;
  if ("M" in value) {
    const map = pickAttributes(value.M, wanted);
    return Object.keys(map).length === 0 ? undefined : { M: map };
  }
  if (!("L" in value)) return undefined;
  const list = pickMembers(value.L, wanted);
  return list.length === 0 ? undefined : { L: list };
}

function pickAttributes(item: Item, wanted: Map<string | number, Wanted>): Item {
  const picked: Item = {};
  for (const [step, below] of wanted) {
    if (typeof step !== "string") continue;
    const value = attributeOf(item, step);
    const part = value === undefined ? undefined : pick(value, below);
    if (part !== undefined) setAttribute(picked, step, part);
  }
  return picked;
}

/** The parts of an item at these paths. Members of a list move up to fill gaps. */
export function project(item: Item, paths: readonly ResolvedPath[]): Item {
  return pickAttributes(item, wantedOf(paths));
}
