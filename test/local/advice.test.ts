import { expect, it } from "vitest";
import { adviceOn, adviceOnFile } from "../../local/advice.ts";

const fileError = (code: string, path?: string): Error =>
  Object.assign(new Error(`${code}: no`), { code, ...(path !== undefined && { path }) });

it.each([
  ["EACCES", "belongs to another user"],
  ["EPERM", "belongs to another user"],
  ["EROFS", "read-only"],
  ["EEXIST", "A part of this path is a file"],
  ["ENOTDIR", "A part of this path is a file"],
  ["EISDIR", "a folder where a file should be"],
  ["ENOSPC", "The disk is full"],
])("%s says where, what and what to do", (code, advice) => {
  const said = adviceOn(fileError(code, "/data/tls/ca-key.pem"));
  expect(said).toMatch(new RegExp(`^/data/tls/ca-key.pem: ${code}\\. `));
  expect(said).toContain(advice);
  expect(said).not.toContain("\n");
});

it("names no unknown path, and shows the stack trace of unexpected errors", () => {
  expect(adviceOnFile(fileError("ENOSPC"))).toBe("ENOSPC. The disk is full.");
  expect(adviceOnFile(new Error("other"))).toBeUndefined();
  expect(adviceOn(fileError("ENOENT", "/gone"))).toContain("\n    at ");
});
