import { expect, it, vi } from "vitest";
import { synthesise } from "../../local/synthesise.ts";

vi.mock(import("node:fs"), async (original) => ({
  ...(await original()),
  utimesSync: () => {
    throw Object.assign(new Error("EPERM: operation not permitted, utime"), { code: "EPERM" });
  },
}));

it("takes an assembly that another user has synthesised and nobody else may touch", async () => {
  const first = await synthesise();
  expect(await synthesise()).toEqual({ ...first, cached: true });
}, 60_000);
