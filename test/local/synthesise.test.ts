import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { synthesise, SynthesisError } from "../../local/synthesise.ts";

it("synthesises the stack for the local issuer, once for the same sources", async () => {
  const first = await synthesise();
  expect(existsSync(join(first.cdkOut, `${first.stack}.template.json`))).toBe(true);
  expect(await synthesise()).toEqual({ cdkOut: first.cdkOut, stack: first.stack, cached: true });
}, 60_000);

it("reports what is wrong with the settings", async () => {
  const attempt = synthesise({ sourceBaseUrl: "ftp://nowhere" });
  await expect(attempt).rejects.toThrow(SynthesisError);
  await expect(attempt).rejects.toThrow("sourceBaseUrl");
}, 60_000);
