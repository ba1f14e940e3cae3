import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeJwt, jwtVerify } from "jose";
import { afterAll, describe, expect, it } from "vitest";
import { LOCAL_OIDC, verificationKeys } from "../../local/token.ts";

const PROJECT = join(import.meta.dirname, "..", "..");
const LAUNCHER = join(PROJECT, "cli", "trailcast.js");
const dir = mkdtempSync(join(tmpdir(), "trailcast-cli-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(command: string, args: readonly string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...args], { cwd: PROJECT });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as Ended;
  }
}

const trailcast = (...args: string[]): Promise<Ended> => run(process.execPath, [LAUNCHER, ...args]);
/** Arguments as one types them, without quotes. */
const typed = (text: string): Promise<Ended> => trailcast(...text.split(" "));

describe("trailcast token", () => {
  it("prints a token that the local stack of the folder accepts", async () => {
    const scope = "events:write destinations:write";
    const { stdout } = await trailcast("token", "--workspace", "ws_1", "--scope", scope, "--data", dir);
    const { payload } = await jwtVerify(stdout.trim(), await verificationKeys(dir), LOCAL_OIDC);
    expect(payload).toMatchObject({ workspaces: ["ws_1"], scope });
  });

  it("names several workspaces, or an operator, and ends when it is told to", async () => {
    const several = await typed(`token --workspace ws_1 --workspace ws_2 --scope events:read --data ${dir}`);
    expect(decodeJwt(several.stdout)["workspaces"]).toEqual(["ws_1", "ws_2"]);
    const operator = await typed(
      `token --workspace * --scope entitlements:write --data ${dir} --expires-in 60`,
    );
    const { workspaces, exp = 0, iat = 0 } = decodeJwt(operator.stdout);
    expect(workspaces).toBe("*");
    expect(exp - iat).toBe(60);
  });

  it("works as npx runs it in a clone", { timeout: 60_000 }, async () => {
    const { stdout } = await run(
      "npx",
      `--offline trailcast token --workspace ws_1 --scope events:write --data ${dir}`.split(" "),
    );
    expect(decodeJwt(stdout.trim())["scope"]).toBe("events:write");
  });

  it.each([
    [["token", "--workspace", "nobody", "--scope", "x"], "A workspace is ws_"],
    [["token", "--workspace", "ws_1"], "required option '--scope <scopes>'"],
    [["token", "--workspace", "ws_1", "--scope", "x", "--data", "/nowhere"], "no data folder /nowhere"],
    [["verify", "--journal", "--data", "/nowhere"], "No stack runs on /nowhere"],
    [["verify"], "Say what to verify"],
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

describe("trailcast --help", () => {
  it("lists the commands, each of which has help with examples", async () => {
    const { stdout } = await trailcast("--help");
    for (const command of ["token", "post", "destinations", "verify", "redrive", "destroy-data"]) {
      expect(stdout).toContain(command);
      expect((await trailcast(command, "--help")).stdout).toContain("$ ");
    }
  });
});
