import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createTestAuthority,
  OK,
  startSilentServer,
  startTlsReceiver,
  type TestAuthority,
  type TestServer,
  type TlsReceiver,
} from "../../helpers/tls-receiver.ts";

const SCRIPT = join(import.meta.dirname, "../../fixtures/egress/send-once.ts");

let authority: TestAuthority;
let receiver: TlsReceiver;
let proxy: TestServer;

beforeAll(async () => {
  authority = await createTestAuthority();
  receiver = await startTlsReceiver(await authority.issue(), (socket) => socket.write(OK));
  proxy = await startSilentServer();
});
afterAll(async () => {
  receiver.stop();
  proxy.stop();
  await authority.remove();
});

/**
 * Every variable known to change where Node connects or whom it trusts, and some that could have been made to open the
 * guard.
 */
function hostileEnvironment(): Record<string, string> {
  const address = `http://127.0.0.1:${proxy.port}`;
  const proxies = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "npm_config_proxy",
  ];
  return {
    PATH: process.env["PATH"] ?? "",
    ...Object.fromEntries(proxies.map((name) => [name, address])),
    NODE_USE_ENV_PROXY: "1",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_EXTRA_CA_CERTS: authority.caFile,
    NODE_USE_SYSTEM_CA: "1",
    SSL_CERT_FILE: authority.caFile,
    NODE_OPTIONS: "--tls-min-v1.0",
    TRAILCAST_LOOPBACK: "true",
    TRAILCAST_STRICT_EGRESS: "false",
    NODE_ENV: "development",
    AWS_SAM_LOCAL: "true",
  };
}

async function sendWith(...allowance: object[]): Promise<unknown> {
  const url = `https://127.0.0.1:${receiver.port}/hook`;
  const args = [SCRIPT, url, ...allowance.map((one) => JSON.stringify(one))];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: hostileEnvironment() });
  return JSON.parse(stdout);
}

describe("the environment of the delivery function", () => {
  it("neither opens the guard, nor adds trusted authorities, nor redirects requests to a proxy", async () => {
    const [closed, untrusting, trusting] = await Promise.all([
      sendWith(),
      sendWith({ loopback: true, ca: [] }),
      sendWith({ loopback: true, ca: [authority.ca] }),
    ]);
    expect(closed).toMatchObject({ kind: "refused", rule: "address-not-public" });
    expect(untrusting).toMatchObject({
      kind: "failed",
      errorClass: "tls",
      code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    });
    expect(trusting).toMatchObject({ kind: "answered", statusCode: 200, address: "127.0.0.1" });
    expect(receiver.requests).toHaveLength(1);
    expect(proxy.connections).toBe(0);
  });
});
