import type { Parsed } from "./parse-condition.ts";
import type { Path, SetValue, Update } from "./syntax-tree.ts";
import { TokenReader } from "./token-reader.ts";

const SECTIONS = ["SET", "REMOVE", "ADD", "DELETE"] as const;
type Section = (typeof SECTIONS)[number];

function parseFunction(reader: TokenReader): SetValue {
  const name = reader.next().text;
  reader.expectSymbol("(");
  let value: SetValue;
  if (name === "if_not_exists") {
    const path = reader.path();
    reader.expectSymbol(",");
    value = { kind: "if-not-exists", path, fallback: parseSetOperand(reader) };
  } else if (name === "list_append") {
    const first = parseSetOperand(reader);
    reader.expectSymbol(",");
    value = { kind: "list-append", first, second: parseSetOperand(reader) };
  } else throw reader.complain(`Invalid function name; function: ${name}`);
  reader.expectSymbol(")");
  return value;
}

function parseSetOperand(reader: TokenReader): SetValue {
  if (reader.takeSymbol("(")) {
    const value = parseSetValue(reader);
    reader.expectSymbol(")");
    return value;
  }
  if (reader.peek().type === ":value") return { kind: "value", placeholder: reader.valuePlaceholder() };
  if (reader.peek().type === "name" && reader.isSymbol("(", 1)) return parseFunction(reader);
  return { kind: "path", path: reader.path() };
}

function parseSetValue(reader: TokenReader): SetValue {
  const left = parseSetOperand(reader);
  if (reader.takeSymbol("+")) return { kind: "plus", left, right: parseSetOperand(reader) };
  if (reader.takeSymbol("-")) return { kind: "minus", left, right: parseSetOperand(reader) };
  return left;
}

function parseAssignment(reader: TokenReader): Update["set"][number] {
  const path = reader.path();
  reader.expectSymbol("=");
  return { path, value: parseSetValue(reader) };
}

function parseSetChange(reader: TokenReader): Update["add"][number] {
  const path = reader.path();
  return { path, placeholder: reader.valuePlaceholder() };
}

function parseMany<T>(reader: TokenReader, parseOne: (reader: TokenReader) => T): T[] {
  const clauses = [parseOne(reader)];
  while (reader.takeSymbol(",")) clauses.push(parseOne(reader));
  return clauses;
}

function takeSection(reader: TokenReader): Section {
  const section = SECTIONS.find((word) => reader.takeKeyword(word));
  if (section === undefined) throw reader.unexpected();
  return section;
}

/** Parses an update expression. Each section may occur once, in any order. */
export function parseUpdate(text: string): Parsed<Update> {
  const reader = new TokenReader("UpdateExpression", text);
  const seen = new Set<Section>();
  const set: Update["set"][number][] = [];
  const remove: Path[] = [];
  const add: Update["add"][number][] = [];
  const gone: Update["delete"][number][] = [];
  while (reader.peek().type !== "end") {
    const section = takeSection(reader);
    if (seen.has(section)) {
      throw reader.complain(`The "${section}" section can only be used once in an update expression;`);
    }
    seen.add(section);
    if (section === "SET") set.push(...parseMany(reader, parseAssignment));
    else if (section === "REMOVE") remove.push(...parseMany(reader, (each) => each.path()));
    else if (section === "ADD") add.push(...parseMany(reader, parseSetChange));
    else gone.push(...parseMany(reader, parseSetChange));
  }
  const tree: Update = { set, remove, add, delete: gone };
  return { kind: "UpdateExpression", tree, names: reader.names, values: reader.values };
}

/** Reads a projection: paths separated by commas. */
export function parseProjection(text: string): Parsed<readonly Path[]> {
  const reader = new TokenReader("ProjectionExpression", text);
  const tree = parseMany(reader, (each) => each.path());
  reader.expectEnd();
  return { kind: "ProjectionExpression", tree, names: reader.names, values: reader.values };
}
