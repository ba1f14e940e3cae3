import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DESTINATION_EXAMPLE, SECRET_EXAMPLE } from "../../lambdas/core/api/destination-api.ts";
import { scratchDirectory } from "../helpers/scratch.ts";

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");
const dir = scratchDirectory("api-commands");

interface Asked {
  method: string;
  url: string;
  headers: Record<string, unknown>;
  body: unknown;
}

/** Requests to an API that accepts everything. */
const asked: Asked[] = [];
const api = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method = "", url = "", headers } = request;
    const text = Buffer.concat(chunks).toString();
    asked.push({ method, url, headers, body: text === "" ? undefined : JSON.parse(text) });
    const isPost = url.endsWith("/events");
    const answer = isPost
      ? { duplicate: false, events: [] }
      : { ...DESTINATION_EXAMPLE, secret: SECRET_EXAMPLE, items: [] };
    response.setHeader("etag", '"7"').end(JSON.stringify(answer));
  });
});

let url = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
});
afterAll(() => api.close());
beforeEach(() => void (asked.length = 0));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command against the API, with a text on its standard input. */
function trailcast(
  args: readonly string[],
  { stdin = "", token = "t", base = url }: { stdin?: string; token?: string; base?: string } = {},
): Promise<Ended> {
  const all = [LAUNCHER, ...args, "--workspace", "ws_1", "--api", base];
  const env = { PATH: process.env["PATH"], TRAILCAST_TOKEN: token };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, all, { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.on("error", () => {}).end(stdin);
  });
}

describe("trailcast post", () => {
  const keys = (): unknown[] => asked.map(({ headers }) => headers["idempotency-key"]);
  const counts = (): number[] => asked.map(({ body }) => (body as { events: unknown[] }).events.length);
  const lines = (count: number, event: (index: number) => object): string =>
    Array.from({ length: count }, (_, index) => JSON.stringify(event(index))).join("\n");

  it("derives an idempotency key for each hundred events from the given key", async () => {
    await trailcast(["post", "-", "--idempotency-key", "mine"], { stdin: lines(101, (n) => ({ n })) });
    expect(counts()).toEqual([100, 1]);
    expect(keys()).toEqual(["mine-0", "mine-100"]);
  });

  it("gives different keys to identical hundreds of one file and to other files", async () => {
    await trailcast(["post", "-"], { stdin: lines(200, () => ({ same: true })) });
    await trailcast(["post", "-"], { stdin: lines(1, () => ({ other: true })) });
    expect(counts()).toEqual([100, 100, 1]);
    expect(new Set(keys()).size).toBe(3);
    const before = keys();
    await trailcast(["post", "-"], { stdin: lines(200, () => ({ same: true })) });
    expect(keys().slice(3)).toEqual(before.slice(0, 2));
  });

  it.each([
    ["nothing", ""],
    ["blank lines", "\n \n"],
    ["an empty list", "[]"],
  ])("reports that there are no events in %s", async (_, stdin) => {
    expect(await trailcast(["post", "-"], { stdin })).toEqual({
      code: 1,
      stdout: "",
      stderr: "trailcast: There are no events in standard input: nothing was recorded.\n",
    });
    expect(asked).toEqual([]);
  });
});

describe("the API by URL", () => {
  it("may end in slashes, and ids in its paths are URL-encoded", async () => {
    const { code } = await trailcast(["destinations", "test", "dst_1/../x"], { base: `${url}//` });
    expect(code).toBe(0);
    expect(asked[0]?.url).toBe("/v1/workspaces/ws_1/destinations/dst_1%2F..%2Fx/test");
  });

  it.each([
    ["a line break inside", "abc\ndef", "Put it on one line"],
    ["a letter that no token has", "abcé", "Put it on one line"],
    ["nothing but a line break", "\n", "Put a bearer token"],
  ])("refuses a token with %s, and does not show it", async (_, token, said) => {
    const { code, stderr, stdout } = await trailcast(["destinations", "list"], { token });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/abc|\n\s+at /);
    expect(asked).toEqual([]);
  });

  it("accepts a token with a trailing line break, as files have it", async () => {
    await trailcast(["destinations", "list"], { token: "abc\n" });
    expect(asked[0]?.headers["authorization"]).toBe("Bearer abc");
  });
});

describe("headers of a destination", () => {
  const create = ["destinations", "create", "--name", "SIEM", "--url", "https://x.example"];
  const headers = (): unknown => (asked.at(-1)?.body as { headers?: unknown } | undefined)?.headers;

  it("can come from options, a file and standard input", async () => {
    const file = join(dir, "headers.txt");
    writeFileSync(file, "X-Token: a:b \n\nX-Tenant:acme\n");
    await trailcast([...create, "--header", "X-One: 1", "--header", "X-Two: 2", "--header-file", file]);
    expect(headers()).toEqual({ "X-One": "1", "X-Two": "2", "X-Token": "a:b", "X-Tenant": "acme" });
    await trailcast([...create, "--header-file", "-"], { stdin: "X-Token: abc" });
    expect(headers()).toEqual({ "X-Token": "abc" });
    await trailcast(create);
    expect(headers()).toBeUndefined();
  });

  it("are refused by their position, without being shown, when they are malformed", async () => {
    const inFile = await trailcast([...create, "--header-file", "-"], { stdin: "X-A: 1\nhunter2" });
    expect(inFile.stderr).toBe("trailcast: Line 2 of - is not a header: write 'Name: value'.\n");
    const given = await trailcast([...create, "--header", ": hunter2"]);
    expect(given.stderr).toBe("trailcast: --header number 1 is not a header: write 'Name: value'.\n");
    expect((await trailcast([...create, "--header-file", "-"])).stderr).toContain("no headers in -");
    expect(asked).toEqual([]);
  });
});

describe("trailcast destinations edit", () => {
  const edit = (...args: string[]): Promise<Ended> => trailcast(["destinations", "edit", "dst_1", ...args]);

  it("changes only the named fields, under the version that it read", async () => {
    const types = ["--event-type", "pro.a.*", "pro.b"];
    const { code } = await edit("--name", "New", ...types, "--header", "X-A: 1", "--remove-header", "X-B");
    expect(code).toBe(0);
    expect(asked.map(({ method }) => method)).toEqual(["GET", "PATCH"]);
    expect(asked[1]?.headers["if-match"]).toBe('"7"');
    expect(asked[1]?.body).toEqual({
      name: "New",
      eventTypes: ["pro.a.*", "pro.b"],
      headers: { "X-A": "1", "X-B": null },
    });
    await edit("--all-events");
    expect(asked.at(-1)?.body).toEqual({ eventTypes: null });
  });

  it.each([
    [[], "Give at least one option to change"],
    [["--all-events", "--event-type", "pro.a"], "not both"],
  ])("changes nothing with %j and says why", async (args, said) => {
    const { code, stderr } = await edit(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(said);
    expect(asked).toEqual([]);
  });
});

describe("an irreversible command", () => {
  it.each([
    ["destinations", "delete", "dst_1"],
    ["entitlements", "delete"],
  ])("is refused as %s %s when no terminal can confirm it", async (...args) => {
    const { code, stderr } = await trailcast(args);
    expect(code).toBe(1);
    expect(stderr).toContain("there is no way to ask: give --yes");
    expect(asked.filter(({ method }) => method === "DELETE")).toEqual([]);
  });
});

describe("credentials of a destination", () => {
  const edit = ["destinations", "edit", "dst_1"];
  const file = (text: string): string => {
    const path = join(dir, "credentials.txt");
    writeFileSync(path, text);
    return path;
  };
  const sent = (): unknown => (asked.at(-1)?.body as { auth?: unknown } | undefined)?.auth;

  it.each([
    ["bearer", "to.ken\n", { type: "bearer", token: "to.ken" }],
    ["basic", "user:pass: word \r\n", { type: "basic", username: "user", password: "pass: word " }],
    ["header", "X-Api-Key: abc\n", { type: "header", name: "X-Api-Key", value: "abc" }],
  ])("of type %s come from a file or from standard input", async (type, text, expected) => {
    const create = ["destinations", "create", "--name", "SIEM", "--url", "https://x.example"];
    await trailcast([...create, `--auth-${type}-file`, file(text)]);
    expect(sent()).toEqual(expected);
    await trailcast([...edit, `--auth-${type}-file`, "-"], { stdin: text });
    expect(sent()).toEqual(expected);
  });

  it("stay without an option, and are removed by one", async () => {
    await trailcast([...edit, "--name", "New"]);
    expect(asked.at(-1)?.body).toEqual({ name: "New" });
    await trailcast([...edit, "--remove-auth"]);
    expect(sent()).toEqual({ type: "none" });
  });

  it.each([
    ["bearer", "", "There are no credentials in -."],
    ["bearer", "hunter2\nhunter2\n", "- has more than one line."],
    ["basic", "hunter2", "- holds no credentials: write 'user:password'."],
    ["header", "hunter2", "- is not a header: write 'Name: value'."],
  ])("of type %s are refused without being shown when they are malformed", async (type, stdin, message) => {
    const { stderr } = await trailcast([...edit, `--auth-${type}-file`, "-"], { stdin });
    expect(stderr).toBe(`trailcast: ${message}\n`);
    expect(asked).toEqual([]);
  });

  it("are refused when two kinds are given", async () => {
    const { stderr } = await trailcast([...edit, "--remove-auth", "--auth-bearer-file", file("abc")]);
    expect(stderr).toBe("trailcast: Give one kind of credentials only.\n");
  });
});
