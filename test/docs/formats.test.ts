import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SECRET_EXAMPLE } from "../../lambdas/core/api/destination-api.ts";
import { FORMATS, FORMAT_NAMES } from "../../lambdas/core/formats/known-formats.ts";
import { judgeRequest, type ReceivedRequest } from "../../local/receiver/verdict.ts";
import { eventsOnPage, formatPage, SIGNED_AT } from "../helpers/format-page.ts";

const folder = join(import.meta.dirname, "../../docs/formats");

/** The request on a page, parsed as a server does: `content-length` gives the length of the body. */
function requestOn(page: string): ReceivedRequest {
  const [, text = ""] = /```http\n(.*?)```/s.exec(page) ?? [];
  const [head = "", rest = ""] = text.split("\n\n", 2);
  const [, ...lines] = head.split("\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
  const length = Number(headers["content-length"]);
  const body = Buffer.from(rest).subarray(0, length);
  expect(body).toHaveLength(length);
  return { at: SIGNED_AT, path: "/intake", headers, body: body.toString() };
}

describe.each(FORMATS)("the page of $name in docs/formats", (format) => {
  const file = join(folder, `${format.name}.md`);

  // Writes a missing page, except in CI. After a change, `npx vitest run test/docs/formats.test.ts -u` updates it.
  it("matches the registry, with a request byte for byte", async () => {
    await expect(formatPage(format)).toMatchFileSnapshot(file);
  });

  it("has a request that receivers' libraries verify, with the stored events in it", () => {
    const verdict = judgeRequest(requestOn(formatPage(format)), SECRET_EXAMPLE, SIGNED_AT);
    if (verdict.kind !== "verified") throw new Error(JSON.stringify(verdict));
    const stored = eventsOnPage(format).map((event) => JSON.parse(Buffer.from(event).toString()));
    expect(verdict.events.map((event) => JSON.parse(JSON.stringify(event)))).toEqual(stored);
  });
});

describe("docs/formats", () => {
  it("has no page of an unknown format", () => {
    const pages = new Set(FORMAT_NAMES.map((name) => `${name}.md`));
    expect(readdirSync(folder).filter((file) => !pages.has(file))).toEqual([]);
  });
});
