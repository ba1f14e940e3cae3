import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { REPOSITORY } from "./helpers/source-files.ts";

const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(join(REPOSITORY, "package.json"), "utf8"),
);

/** What `sh` understands and `cmd.exe` does not, or each in its own way. */
const UNPORTABLE = {
  "single quotes": /'/,
  exec: /(?:^|[&|;]\s*)exec\s/,
  "a list by semicolon": /;/,
  "a variable": /[$%]/,
  "an environment variable before a command": /(?:^|[&|]\s*)[A-Za-z_]\w*=/,
  "a command of Unix": /(?:^|[&|]\s*)(?:rm|cp|mv|mkdir|cat|test|bash|sh)\s/,
};

it.each(Object.entries(UNPORTABLE))(
  "no package script uses %s, so that it also runs in cmd.exe",
  (_, form) => {
    expect(Object.entries(scripts).filter(([, command]) => form.test(command))).toEqual([]);
  },
);
