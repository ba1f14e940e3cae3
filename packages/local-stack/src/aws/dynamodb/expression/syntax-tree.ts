/** A step of a document path: an attribute's name, a `#name` or an index of a list. */
export type Step = { name: string } | { placeholder: string } | { index: number };
export type Path = readonly Step[];

export type Operand =
  | { kind: "path"; path: Path }
  | { kind: "value"; placeholder: string }
  | { kind: "size"; path: Path };

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Condition =
  | { kind: "and" | "or"; left: Condition; right: Condition }
  | { kind: "not"; condition: Condition }
  | { kind: "compare"; comparator: Comparator; left: Operand; right: Operand }
  | { kind: "between"; operand: Operand; low: Operand; high: Operand }
  | { kind: "in"; operand: Operand; candidates: readonly Operand[] }
  | { kind: "exists"; path: Path; expected: boolean }
  | { kind: "type"; path: Path; type: Operand }
  | { kind: "begins-with" | "contains"; container: Operand; operand: Operand };

export type SetValue =
  | { kind: "path"; path: Path }
  | { kind: "value"; placeholder: string }
  | { kind: "if-not-exists"; path: Path; fallback: SetValue }
  | { kind: "list-append"; first: SetValue; second: SetValue }
  | { kind: "plus" | "minus"; left: SetValue; right: SetValue };

export interface Update {
  set: readonly { path: Path; value: SetValue }[];
  remove: readonly Path[];
  add: readonly { path: Path; placeholder: string }[];
  delete: readonly { path: Path; placeholder: string }[];
}
