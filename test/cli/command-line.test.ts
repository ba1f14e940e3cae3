import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORMAT_NAMES } from "../../lambdas/core/formats/known-formats.ts";
import { writeEndpoints } from "../../local/endpoints.ts";
import { verificationKeys } from "@trailcast/local-stack/access";
import { LOCAL_OIDC } from "../../local/token.ts";

const PROJECT = join(import.meta.dirname, "..", "..");
const LAUNCHER = join(PROJECT, "cli", "trailcast.js");
const dir = mkdtempSync(join(tmpdir(), "trailcast-cli-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(command: string, args: readonly string[], env = process.env): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...args], { cwd: PROJECT, env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as Ended;
  }
}

const trailcast = (...args: string[]): Promise<Ended> => run(process.execPath, [LAUNCHER, ...args]);
/** Splits the arguments as a shell does without quotes. */
const typed = (text: string): Promise<Ended> => trailcast(...text.split(" "));

describe("trailcast token", () => {
  it("prints a token that the local stack of the folder accepts", async () => {
    const scope = "events:write destinations:write";
    const { stdout } = await trailcast("token", "--workspace", "ws_1", "--scope", scope, "--data", dir);
    const { payload } = await jwtVerify(stdout.trim(), await verificationKeys(dir), LOCAL_OIDC);
    expect(payload).toMatchObject({ workspaces: ["ws_1"], scope });
  });

  it("can name several workspaces or an operator, and expires when requested", async () => {
    const several = await typed(`token --workspace ws_1 --workspace ws_2 --scope events:read --data ${dir}`);
    expect(decodeJwt(several.stdout)["workspaces"]).toEqual(["ws_1", "ws_2"]);
    const operator = await typed(
      `token --workspace * --scope entitlements:write --data ${dir} --expires-in 60`,
    );
    const { workspaces, exp = 0, iat = 0 } = decodeJwt(operator.stdout);
    expect(workspaces).toBe("*");
    expect(exp - iat).toBe(60);
    const longest = await typed(
      `token --workspace ws_1 --scope events:read --data ${dir} --expires-in 315360000`,
    );
    expect(longest.code).toBe(0);
  });

  it("runs through npx in a clone", { timeout: 60_000 }, async () => {
    const { stdout } = await run(
      "npx",
      `--offline trailcast token --workspace ws_1 --scope events:write --data ${dir}`.split(" "),
    );
    expect(decodeJwt(stdout.trim())["scope"]).toBe("events:write");
  });

  it.each([
    [["token", "--workspace", "nobody", "--scope", "events:read"], "A workspace id is ws_"],
    [["token", "--workspace", "ws_1"], "required option '--scope <scopes>'"],
    [
      ["token", "--workspace", "ws_1", "--scope", "events:read", "--data", "/nowhere"],
      "no data folder /nowhere",
    ],
    [["token", "--workspace", "ws_1", "--scope", "events:write event:read"], "There is no scope event:read"],
    [["token", "--workspace", "ws_1", "--scope", " "], "Give at least one scope"],
    [["token", "--workspace", "ws_1", "--scope", "events:read", "--expires-in", "0"], "from 1 to 315360000"],
    [
      ["token", "--workspace", "ws_1", "--scope", "events:read", "--expires-in", "315360001"],
      "from 1 to 315360000",
    ],
    [
      ["token", "--workspace", "ws_1", "--scope", "events:read", "--expires-in", "-5"],
      "'--expires-in <seconds>'",
    ],
    [["verify", "--journal", "--data", "/nowhere"], "No stack is running on /nowhere"],
    [["certificate", "--out", dir, "--data", "/nowhere"], "There is no certificate authority in /nowhere"],
    [["verify"], "Choose what to verify"],
    [["post", "/nowhere.ndjson", "--workspace", "ws_1"], "Cannot read /nowhere.ndjson"],
    [["verify", "--journal", "--outputs", "/nowhere.json"], "cdk deploy --outputs-file"],
    [["frobnicate"], "unknown command"],
  ])("%j ends with 1 and says why", async (args, message) => {
    const { code, stderr, stdout } = await trailcast(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe("");
  });
});

describe("an error of the environment is reported with its name and a remedy", () => {
  const outputs = join(dir, "outputs.json");
  const bare = {
    PATH: process.env["PATH"] ?? "",
    AWS_CONFIG_FILE: "/nonexistent",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_MAX_ATTEMPTS: "1",
  };
  const keys = { AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  const token = { ...bare, TRAILCAST_TOKEN: "t" };
  const redrive = ["redrive", "--outputs", outputs];
  const list = (api: string) => ["destinations", "list", "--workspace", "ws_1", "--api", api];

  const outcomeOf = (args: readonly string[], env: Record<string, string>): Promise<Ended> =>
    run(process.execPath, [LAUNCHER, ...args], env);
  /** Lists what differs from the expected output. */
  const faultsOf = ({ code, stderr }: Ended, ...said: string[]): unknown[] => [
    ...(code === 1 ? [] : [code]),
    ...said.filter((part) => !stderr.includes(part)),
    ...(/\n\s+at /.test(stderr) ? [stderr] : []),
  ];

  beforeAll(() =>
    writeFileSync(outputs, JSON.stringify({ A: { WakeUpDeadQueueUrl: "http://127.0.0.1:1/1/q" } })),
  );

  it.each<[string, readonly string[], Record<string, string>, string[]]>([
    ["no Region", redrive, bare, ["No AWS Region is set"]],
    [
      "no credentials",
      redrive,
      { ...bare, AWS_REGION: "eu-west-1" },
      ["CredentialsProviderError", "AWS_PROFILE"],
    ],
    [
      "an endpoint that is not there",
      redrive,
      { ...bare, ...keys, AWS_ENDPOINT_URL: "http://127.0.0.1:1" },
      ["ECONNREFUSED", "cannot be reached"],
    ],
    ["an API that is not there", list("http://127.0.0.1:9"), token, ["The API cannot be reached", "--api"]],
    ["an API that is no URL", list("nowhere"), token, ["Invalid URL", "--api"]],
  ])("%s", async (_, args, env, said) => {
    expect(faultsOf(await outcomeOf(args, env), ...said)).toEqual([]);
  });

  it.each([
    ["ExpiredTokenException", "Sign in again"],
    ["AccessDeniedException", "lack this permission"],
    ["UnrecognizedClientException", "does not know the credentials"],
    ["ThrottlingException", "Rate"],
  ])("%s of a service", async (type, advice) => {
    const server = createServer((_request, response) =>
      response
        .writeHead(400, { "content-type": "application/x-amz-json-1.0" })
        .end(JSON.stringify({ __type: `com.amazon#${type}`, message: "Rate" })),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(outputs, JSON.stringify({ A: { WakeUpDeadQueueUrl: `${url}/1/q` } }));
    const outcome = await outcomeOf(redrive, { ...bare, ...keys, AWS_ENDPOINT_URL: url });
    expect(faultsOf(outcome, type, advice)).toEqual([]);
    server.close();
  });

  it("a response that is not Trailcast's", async () => {
    const server = createServer((_request, response) => response.end("<html>"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(faultsOf(await outcomeOf(list(url), token), "Unexpected response format")).toEqual([]);
    server.close();
  });

  it("a local stack that was killed", async () => {
    const killed = await new Promise<number>((resolve) => {
      const child = spawn(process.execPath, ["-e", ""]);
      child.on("exit", () => resolve(child.pid ?? 0));
    });
    const urls = { apiUrl: "http://127.0.0.1:9", consoleUrl: "", receiverUrl: "", awsEndpointUrl: "" };
    writeEndpoints(dir, { ...urls, pid: killed }, { A: {} });
    const said = `process ${killed}) was killed. Start it again`;
    const calling = ["destinations", "list", "--workspace", "ws_1", "--data", dir];
    expect(faultsOf(await outcomeOf(["redrive", "--data", dir], bare), said)).toEqual([]);
    expect(faultsOf(await outcomeOf(calling, bare), said)).toEqual([]);
  });
});

describe("a broken data folder", () => {
  it("is reported for an invalid signing key and for a file instead of a folder", async () => {
    const broken = mkdtempSync(join(dir, "broken-"));
    writeFileSync(join(broken, "issuer-key.json"), "{}");
    const token = (data: string) => typed(`token --workspace ws_1 --scope events:read --data ${data}`);
    const refused = await token(broken);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^trailcast: .*issuer-key\.json holds no signing key\. Remove it.*\n$/);
    const file = await token(join(broken, "issuer-key.json"));
    expect(file).toMatchObject({ code: 1, stdout: "" });
    expect(file.stderr).toMatch(/^trailcast: .*EEXIST\. A part of this path is a file.*\n$/);
  });
});

describe("trailcast --help", () => {
  const commands = [
    "token",
    "certificate",
    "post",
    "destinations",
    "replays",
    "entitlements",
    "verify",
    "redrive",
    "destroy-data",
  ];

  it("lists the commands", async () => {
    const { stdout } = await trailcast("--help");
    expect(commands.filter((command) => !stdout.includes(`  ${command} `))).toEqual([]);
  });

  it.each(["create", "edit"])("names every payload format for destinations %s", async (command) => {
    const { stdout } = await trailcast("destinations", command, "--help");
    expect(FORMAT_NAMES.filter((name) => !stdout.includes(name))).toEqual([]);
  });

  it.each(commands)("has examples for %s", async (command) => {
    expect((await trailcast(command, "--help")).stdout).toContain("$ npx trailcast");
  });
});
