import { expect, it, vi } from "vitest";
import { synthesise } from "../../local/synthesise.ts";

vi.mock(import("node:fs"), async (original) => ({
  ...(await original()),
  utimesSync: () => {
    throw Object.assign(new Error("EPERM: operation not permitted, utime"), { code: "EPERM" });
  },
}));

it("uses an assembly that another user has synthesised and that only they may change", async () => {
  const first = await synthesise();
  expect(await synthesise()).toEqual({ ...first, cached: true });
}, 60_000);
