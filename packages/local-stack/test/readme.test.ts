import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withSupported } from "../src/supported.ts";

const README = join(import.meta.dirname, "..", "README.md");

/** Removes the padding that a formatter adds to tables. */
const plain = (page: string): string => page.replaceAll(/ {2,}/g, " ").replaceAll(/-{3,}/g, "---");

it("the README lists what is supported today; `npm run supported` writes it", () => {
  const page = readFileSync(README, "utf8");
  expect(plain(page)).toBe(plain(withSupported(page)));
});
