import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createConsoleFiles } from "../../lambdas/adapters/console-files.ts";
import type { HttpAnswer } from "../../lambdas/adapters/http-api.ts";
import { PROBLEM_CATALOGUE } from "../../lambdas/core/base/problem-catalogue.ts";
import { createPublicHandler } from "../../lambdas/serve-public.ts";
import { httpEvent, lambdaContext } from "../helpers/http-events.ts";
import { createRecordedLog } from "../helpers/in-memory-stores.ts";
import { violationsOf } from "../helpers/openapi-conformance.ts";

let folder: string;
let get: (path: string) => Promise<HttpAnswer>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trailcast-console-"));
  await mkdir(join(folder, "console/assets"), { recursive: true });
  await writeFile(join(folder, "console/index.html"), "<!doctype html><title>Trailcast</title>");
  await writeFile(join(folder, "console/console.js"), "export {};");
  await writeFile(join(folder, "console/assets/logo.png"), Uint8Array.from([0x89, 0x50, 0xff]));
  await writeFile(join(folder, "console/.env"), "hush");
  await writeFile(join(folder, "console/notes.sh"), "hush");
  await writeFile(join(folder, "secret.js"), "hush");
  const files = createConsoleFiles(join(folder, "console"));
  const handler = createPublicHandler({ version: "1.2.3", files, log: createRecordedLog() });
  get = (path) => handler(httpEvent(`GET ${path}`), lambdaContext);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the public API", () => {
  it("reports its health and its version", async () => {
    const { statusCode, headers, body = "" } = await get("/v1/health");
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
    expect(JSON.parse(body)).toEqual({ status: "ok", version: "1.2.3" });
  });

  it("serves the OpenAPI document", async () => {
    const { statusCode, headers, body = "" } = await get("/openapi.json");
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ "cache-control": "public, max-age=300" });
    expect(JSON.parse(body)).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
    expect((await get("/openapi.json")).body).toBe(body);
  });

  it.each(["/", "/v1", "/v1/workspaces/ws_1/events", "/consoles/"])("serves nothing at %s", async (path) => {
    expect((await get(path)).statusCode).toBe(404);
  });
});

describe("a problem type", () => {
  it("is described at the URL that the `type` of an error response gives", async () => {
    const refused = await get("/v1/nothing");
    const { type } = JSON.parse(refused.body ?? "") as { type: string };
    const { statusCode, headers, body = "" } = await get(type);
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
      "x-content-type-options": "nosniff",
    });
    expect(body).toContain("<h1>404 There is no such object</h1>");
    expect(body).toContain(`<h2>Remedy</h2><p>${PROBLEM_CATALOGUE["not-found"].remedy}</p>`);
  });

  it.each(Object.keys(PROBLEM_CATALOGUE))(
    "%s has a page that conforms to the API's description",
    async (kind) => {
      const { statusCode, headers = {}, body } = await get(`/problems/${kind}`);
      const answer = { status: statusCode, headers, body };
      expect(violationsOf("GET", `/problems/${kind}`, answer)).toEqual([]);
      expect(body).not.toContain("`");
    },
  );

  it.each(["", "none", "constructor", "not-found/", "<script>", "%3Cscript%3E"])(
    "that does not exist is not found: %j",
    async (kind) => {
      const { statusCode, body = "" } = await get(`/problems/${kind}`);
      expect(statusCode).toBe(404);
      expect(body).not.toContain("script");
    },
  );
});

describe("the console", () => {
  it("redirects to its folder", async () => {
    expect(await get("/console")).toMatchObject({ statusCode: 308, headers: { location: "/console/" } });
  });

  it.each(["/console/", "/console/index.html", "/console/ws_1/destinations"])(
    "serves its page at %s",
    async (path) => {
      const { statusCode, headers, body } = await get(path);
      expect({ statusCode, body }).toMatchObject({
        statusCode: 200,
        body: expect.stringContaining("Trailcast"),
      });
      expect(headers).toMatchObject({
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": expect.stringContaining("default-src 'none'; script-src 'self'"),
      });
      expect(headers?.["content-security-policy"]).not.toContain("unsafe");
    },
  );

  it("serves scripts and images with their content types", async () => {
    expect(await get("/console/console.js")).toMatchObject({
      statusCode: 200,
      headers: { "content-type": "text/javascript; charset=utf-8", "x-content-type-options": "nosniff" },
      body: "export {};",
      isBase64Encoded: false,
    });
    expect(await get("/console/assets/logo.png")).toMatchObject({
      headers: { "content-type": "image/png" },
      body: Buffer.from([0x89, 0x50, 0xff]).toString("base64"),
      isBase64Encoded: true,
    });
  });

  it.each([
    "/console/../secret.js",
    "/console/%2e%2e/secret.js",
    "/console/..%2fsecret.js",
    "/console/....//secret.js",
    "/console//secret.js",
    "/console/assets/../../secret.js",
    "/console/.env",
    "/console/notes.sh",
    "/console/assets/.js",
    "/console/none.js",
    "/console/index.constructor",
    "/console/a\\..\\secret.js",
    "/console/%00.js",
    "/console/console.js%00.png",
    `/console/${"a/".repeat(200)}x.js`,
  ])("does not serve %s", async (path) => {
    const answer = await get(path);
    expect(answer.statusCode).toBe(404);
    expect(JSON.stringify(answer)).not.toContain("hush");
  });
});
