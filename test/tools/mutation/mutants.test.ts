import { describe, expect, it } from "vitest";
import { diffOf, mutate, mutantsOf } from "../../../tools/mutation/mutants.ts";

/** The texts that a line of a program is changed to. */
function changed(text: string): string[] {
  return mutantsOf("lambdas/core/example.ts", text)
    .map((mutant) => mutate(text, mutant))
    .toSorted();
}

describe("the mutants of a file", () => {
  it.each<[string, string, string[]]>([
    ["force a guard", "if (a === b) return;", ["if (false) return;", "if (true) return;"]],
    ["drop an operand of `&&`", "f(a && b);", [";", "f((a));", "f((b));"]],
    ["drop each side of `??`", "f(a ?? b);", [";", "f((a));", "f((b));"]],
    [
      "drop each of three alternatives",
      "x = a || b || c;",
      [";", "x = (a || b);", "x = (a) || c;", "x = (b) || c;"],
    ],
    ["move a limit by one", "const a = b < c;", ["const a = b <= c;", "const a = false;", "const a = true;"]],
    ["leave out a negation", "f(!a);", [";", "f((a));"]],
    [
      "leave out a call and an assignment",
      "await f();\na.b = c;",
      ["await f();\n;", ";\na.b = c;"].toSorted(),
    ],
    ["turn arithmetic round", "const a = b * c;", ["const a = b / c;"]],
    ["turn a flag", "const a = { b: true };", ["const a = { b: false };"]],
    ["make a count one off", "const MAX = 100;", ["const MAX = 101;", "const MAX = 99;"]],
    [
      "make a duration none or double",
      "const WAIT_MS = 500;",
      ["const WAIT_MS = 0;", "const WAIT_MS = 1000;"],
    ],
    ["empty a name", 'const a = "due";', ['const a = "";']],
    ["empty a list", "const a = [b];", ["const a = [];"]],
    ["open a pattern", "const a = /^b$/u;", ["const a = /^b/u;", "const a = /b$/u;"]],
    [
      "forget what a copy changes",
      "const a = { ...b, c };",
      ["const a = { ...b, ...{} };", "const a = { ...{}, c };"],
    ],
    ["expect what may be missing", "const a = b?.c;", ["const a = b.c;"]],
    ["take another method", "const a = b.every(c);", ["const a = b.some(c);"]],
    ["leave out a method", "const a = b.filter(c).d;", ["const a = b.d;"]],
  ])("%s", (_what, text, expected) => {
    const mutants = changed(`${text.startsWith("if") ? `function f() { ${text} }` : text}`);
    expect(mutants.map((mutant) => mutant.replace(/^function f\(\) \{ (.*) \}$/, "$1"))).toEqual(expected);
  });

  it.each([
    ["types", 'type A = "due" | 1; const a: A = b as "due";'],
    ["imports", 'import { a } from "node:fs"; export * from "./b.ts";'],
    ["sentences", 'const a = "This is for people to read";'],
    ["keys of objects", 'const a = { "b-c": d };'],
  ])("leave %s as they are", (_what, text) => {
    expect(changed(text)).toEqual([]);
  });

  it("are shown as the lines that differ", () => {
    const text = "function f() {\n  g(a);\n  return 0;\n}\n";
    const mutants = mutantsOf("f.ts", text);
    expect(mutants.map((mutant) => `${mutant.line}\n${diffOf(text, mutant)}`)).toEqual([
      "2\n- g(a);\n+ ;",
      "3\n- return 0;\n+ return 1;",
    ]);
  });
});
