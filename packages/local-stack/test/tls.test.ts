import { createServer, request } from "node:https";
import { X509Certificate } from "node:crypto";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureAuthority, issueServerCertificate } from "../src/tls.ts";
import { temporaryFolder } from "./fixtures/fixture-stack.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

function get(port: number, ca: string, host: string): Promise<number | string> {
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, ca, servername: host, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end();
  });
}

describe("the local certificate authority", () => {
  it("issues certificates that are valid on loopback, and only for its own folder", async () => {
    const { cert, key } = await issueServerCertificate(folder.path, ["hooks.example.test"]);
    const { cert: ca } = await ensureAuthority(folder.path);
    const other = await temporaryFolder();
    const { cert: foreign } = await ensureAuthority(other.path);
    await other.remove();
    const server = createServer({ cert, key }, (_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    expect(await get(port, ca, "")).toBe(200);
    expect(await get(port, ca, "hooks.example.test")).toBe(200);
    expect(await get(port, ca, "other.example.test")).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(await get(port, foreign, "")).not.toBe(200);
    server.close();
  });

  it("stays the same for a folder", async () => {
    const first = await ensureAuthority(folder.path);
    expect(await ensureAuthority(folder.path)).toEqual(first);
    const certificate = new X509Certificate(first.cert);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });
});
