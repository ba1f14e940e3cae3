import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { CliError } from "../../cli/cli-error.ts";
import { confirm } from "../../cli/confirm.ts";

const DEED = { what: "delete them for good", word: "trailcast/prod/" };

async function answer(typed: string, isTTY = true): Promise<string> {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  input.end(`${typed}\n`);
  await confirm(DEED, { input, output });
  return String(output.read());
}

it("a confirmation accepts the expected word and no other", async () => {
  expect(await answer("trailcast/prod/")).toContain("Type trailcast/prod/ to delete them for good: ");
  expect(await answer("  trailcast/prod/  ")).toContain("Type");
  for (const typed of ["", "y", "yes", "trailcast/prod", "trailcast/prod/x", "TRAILCAST/PROD/"]) {
    await expect(answer(typed)).rejects.toThrow(new CliError("Nothing was done."));
  }
});

it("a confirmation asks nothing when there is no terminal", async () => {
  await expect(answer("trailcast/prod/", false)).rejects.toThrow(
    "there is no way to ask: give --yes to delete them",
  );
});
