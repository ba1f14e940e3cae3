import { Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createHttpsSender, type HttpsSender } from "../../../lambdas/adapters/https-sender.ts";
import type { SendRequest, SendResult } from "../../../lambdas/core/delivery/send.ts";
import {
  type Answer,
  createTestAuthority,
  OK,
  pretendInternet,
  selfSigned,
  startSilentServer,
  startTlsReceiver,
  type TestAuthority,
  type TestServer,
  type TlsReceiver,
} from "../../helpers/tls-receiver.ts";

const PUBLIC = "8.8.8.8";
const NEVER: Answer = () => undefined;

let authority: TestAuthority;
let certificate: TlsOptions;
const servers: TestServer[] = [];
const senders: HttpsSender[] = [];

beforeAll(async () => {
  authority = await createTestAuthority();
  certificate = await authority.issue(["siem.example.com"]);
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const sender of senders.splice(0)) sender.close();
});
afterAll(async () => {
  for (const server of servers) server.stop();
  await authority.remove();
});

/** A certificate of an unknown authority. */
async function issuedByAnother(): Promise<TlsOptions> {
  const other = await createTestAuthority();
  try {
    return await other.issue(["siem.example.com"]);
  } finally {
    await other.remove();
  }
}

async function startReceiver(answer: Answer, options: TlsOptions = certificate): Promise<TlsReceiver> {
  const receiver = await startTlsReceiver(options, answer);
  servers.push(receiver);
  return receiver;
}

/** A sender for which every name resolves to public addresses that the server on `port` serves. */
function senderTo(port: number, totalMs = 5000, addresses: readonly string[] = [PUBLIC]): HttpsSender {
  const sender = createHttpsSender({
    resolver: { resolve: () => Promise.resolve({ kind: "addresses", addresses }) },
    allowance: { loopback: false, ca: [authority.ca] },
    connect: pretendInternet(Object.fromEntries(addresses.map((address) => [address, port]))).connect,
    totalMs,
  });
  senders.push(sender);
  return sender;
}

const request: SendRequest = {
  url: "https://siem.example.com/hook?a=b",
  headers: { "Content-Type": "application/json", "X-Webhook-Id": "whd_1" },
  body: Buffer.from('[{"é":1}]'),
};

async function sendTo(answer: Answer, totalMs?: number): Promise<SendResult> {
  const receiver = await startReceiver(answer);
  return senderTo(receiver.port, totalMs).send(request);
}

describe("a request", () => {
  it("arrives byte for byte, with no headers from Node but those for framing", async () => {
    const receiver = await startReceiver((socket) => socket.write(OK));
    const result = await senderTo(receiver.port).send(request);
    const [head = "", body] = (receiver.requests[0] ?? "").split("\r\n\r\n");
    expect(head.split("\r\n").toSorted()).toEqual(
      [
        "POST /hook?a=b HTTP/1.1",
        "Host: siem.example.com",
        "Content-Type: application/json",
        "X-Webhook-Id: whd_1",
        "Content-Length: 10",
        "Accept-Encoding: identity",
        "Connection: keep-alive",
      ].toSorted(),
    );
    expect(Buffer.from(body ?? "", "latin1").toString()).toBe('[{"é":1}]');
    expect(result).toMatchObject({
      kind: "answered",
      statusCode: 200,
      body: "ok",
      address: PUBLIC,
      dns: { verdict: "public", addresses: [PUBLIC] },
      phases: {
        dnsMs: expect.any(Number),
        connectMs: expect.any(Number),
        tlsMs: expect.any(Number),
        firstByteMs: expect.any(Number),
      },
      tls: {
        version: "TLSv1.3",
        subject: "CN=localhost",
        issuer: "CN=local-stack authority",
        validTo: expect.stringMatching(/^\d{4}-.*Z$/),
        fingerprint256: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      },
    });
  });

  it("has the port in Host if it is not 443", async () => {
    const receiver = await startReceiver((socket) => socket.write(OK));
    await senderTo(receiver.port).send({ ...request, url: "https://siem.example.com:8443/" });
    expect(receiver.requests[0]).toContain("Host: siem.example.com:8443\r\n");
  });
});

describe("a response", () => {
  it.each([301, 302, 303, 307, 308])("with the status %i is not followed", async (status) => {
    const trap = await startSilentServer();
    servers.push(trap);
    const location = `https://127.0.0.1:${trap.port}/`;
    const result = await sendTo((socket) =>
      socket.write(
        `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nRefresh: 0;url=${location}\r\nContent-Length: 0\r\n\r\n`,
      ),
    );
    expect(result).toMatchObject({ kind: "answered", statusCode: status, body: "" });
    expect(trap.connections).toBe(0);
  });

  it("whose body drips slowly counts by its status", async () => {
    const result = await sendTo((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst");
      const timer = setInterval(() => socket.write("."), 50);
      socket.on("close", () => clearInterval(timer));
    }, 500);
    expect(result).toMatchObject({
      kind: "answered",
      statusCode: 200,
      body: expect.stringMatching(/^first\.+$/),
    });
    expect(result.durationMs).toBeLessThan(5000);
  });

  it("whose head drips slowly is a time-out", async () => {
    const result = await sendTo((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      let line = 0;
      const timer = setInterval(() => socket.write(`X-${line++}: a\r\n`), 50);
      socket.on("close", () => clearInterval(timer));
    }, 500);
    expect(result).toMatchObject({
      kind: "failed",
      errorClass: "timeout",
      address: PUBLIC,
      tls: { version: "TLSv1.3" },
    });
    expect(result.durationMs).toBeLessThan(5000);
  });

  it("that never arrives is a time-out", async () => {
    expect(await sendTo(NEVER, 300)).toMatchObject({ kind: "failed", errorClass: "timeout" });
  });

  it.each([
    ["with a length", "HTTP/1.1 500 Oops\r\nContent-Length: 1000000000\r\n\r\n", "x".repeat(65_536)],
    [
      "in chunks",
      "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n",
      `10000\r\n${"x".repeat(65_536)}\r\n`,
    ],
    ["until the connection closes", "HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n", "x".repeat(65_536)],
  ])("with an endless body (%s) is cut off", async (_, head, piece) => {
    const { promise: cut, resolve } = Promise.withResolvers<void>();
    const result = await sendTo((socket) => {
      socket.write(head);
      const more = (): void => {
        while (!socket.destroyed && socket.write(piece));
      };
      socket.on("drain", more);
      socket.on("close", () => resolve());
      more();
    });
    expect(result).toMatchObject({ kind: "answered", statusCode: 500, body: "x".repeat(1024) });
    expect(result.durationMs).toBeLessThan(5000);
    await cut;
  });

  it("that is compressed although this was not requested is never decompressed", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const result = await sendTo((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    });
    expect(result).toMatchObject({ kind: "answered", statusCode: 200 });
    expect(Buffer.byteLength(result.kind === "answered" ? result.body : "")).toBeLessThanOrEqual(1024);
  });

  it("is truncated to whole characters within 1 KiB, after secrets were masked", async () => {
    const text = `${"ä".repeat(500)}tok-abcdef${"€".repeat(50)}`;
    const receiver = await startReceiver((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`),
    );
    const result = await senderTo(receiver.port).send({ ...request, secrets: ["tok-abcdef"] });
    expect(result).toMatchObject({ body: `${"ä".repeat(500)}**********${"€".repeat(4)}` });
  });

  it("includes the value of Retry-After", async () => {
    const result = await sendTo((socket) =>
      socket.write("HTTP/1.1 429 Slow down\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"),
    );
    expect(result).toMatchObject({ kind: "answered", statusCode: 429, retryAfter: "120" });
  });

  it.each([
    ["an unrequested 100 Continue", "HTTP/1.1 100 Continue\r\n\r\n"],
    [
      "early hints",
      "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
    ],
    ["102 Processing", "HTTP/1.1 102 Processing\r\n\r\n"],
  ])("counts although %s came before it", async (_, before) => {
    expect(await sendTo((socket) => socket.write(before + OK))).toMatchObject({
      kind: "answered",
      statusCode: 200,
    });
  });

  it.each([
    ["with an endless sequence of early hints", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000), "protocol"],
    [
      "with too many headers",
      `HTTP/1.1 200 OK\r\n${`X-Flood: ${"a".repeat(1000)}\r\n`.repeat(100)}\r\n`,
      "protocol",
    ],
    ["with an endless header", `HTTP/1.1 200 OK\r\nX-Flood: ${"a".repeat(100_000)}`, "protocol"],
    ["with an endless reason phrase", `HTTP/1.1 200 ${"a".repeat(100_000)}`, "protocol"],
    ["that is not HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "protocol"],
    ["in HTTP/2", "\0\0\u0012\u0004\0\0\0\0\0", "protocol"],
    ["with two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "protocol"],
    [
      "with a length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "protocol",
    ],
    ["with bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "protocol"],
  ])("%s is a failure", async (_, bytes, errorClass) => {
    expect(await sendTo((socket) => socket.write(bytes, "latin1"))).toMatchObject({
      kind: "failed",
      errorClass,
    });
  });

  it("that switches protocols counts like any other, and the connection is closed", async () => {
    const result = await sendTo((socket) =>
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    );
    expect(result).toMatchObject({ kind: "answered", statusCode: 101 });
  });

  it.each([
    ["without a body", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""],
    [
      "with a body shorter than its length",
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
      200,
      "short",
    ],
    ["with broken chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 200, ""],
  ])("%s counts by its status", async (_, bytes, statusCode, body) => {
    const result = await sendTo((socket) => socket.end(bytes));
    expect(result).toMatchObject({ kind: "answered", statusCode, body });
  });

  it.each([
    ["closes", (socket: Parameters<Answer>[0]) => socket.end()],
    ["resets", (socket: Parameters<Answer>[0]) => socket.destroy()],
    ["closes within the head", (socket: Parameters<Answer>[0]) => socket.end("HTTP/1.1 200 OK\r\nX-")],
  ])("is a reset if the receiver %s instead", async (_, answer) => {
    expect(await sendTo(answer)).toMatchObject({ kind: "failed", errorClass: "reset" });
  });
});

describe("TLS", () => {
  it("names the host, so that a server with many names finds its certificate", async () => {
    const result = await sendTo((socket) => {
      const name = String(Reflect.get(socket, "servername"));
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`);
    });
    expect(result).toMatchObject({ kind: "answered", body: "siem.example.com" });
  });

  it.each([
    [
      "for another name",
      async () => await authority.issue(["other.example.com"]),
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ],
    [
      "that is self-signed",
      async () => await selfSigned("siem.example.com", false),
      "DEPTH_ZERO_SELF_SIGNED_CERT",
    ],
    ["of an unknown authority", issuedByAnother, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ])("fails before a byte of HTTP with a certificate %s", async (_, issue, code) => {
    const receiver = await startReceiver((socket) => socket.write(OK), await issue());
    expect(await senderTo(receiver.port).send(request)).toMatchObject({
      kind: "failed",
      errorClass: "tls",
      code,
    });
    expect(receiver.requests).toEqual([]);
  });

  it("fails with an expired certificate", async () => {
    const expired = await selfSigned("siem.example.com", true);
    const receiver = await startReceiver((socket) => socket.write(OK), expired);
    const sender = createHttpsSender({
      resolver: { resolve: () => Promise.resolve({ kind: "addresses", addresses: [PUBLIC] }) },
      allowance: { loopback: false, ca: [expired.cert] },
      connect: pretendInternet({ [PUBLIC]: receiver.port }).connect,
    });
    expect(await sender.send(request)).toMatchObject({
      kind: "failed",
      errorClass: "tls",
      code: "CERT_HAS_EXPIRED",
    });
  });

  it("is accepted with version 1.2, but not with 1.1", async () => {
    const one = await startReceiver((socket) => socket.write(OK), { ...certificate, maxVersion: "TLSv1.2" });
    expect(await senderTo(one.port).send(request)).toMatchObject({
      kind: "answered",
      tls: { version: "TLSv1.2" },
    });
    const old = {
      ...certificate,
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    } as const;
    const other = await startReceiver((socket) => socket.write(OK), old);
    expect(await senderTo(other.port).send(request)).toMatchObject({ kind: "failed", errorClass: "tls" });
    expect(other.requests).toEqual([]);
  });

  it("fails at the deadline if the handshake does not proceed, and at once if the server does not speak TLS", async () => {
    const silent = await startSilentServer();
    const plain = await startSilentServer((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const rude = await startSilentServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
    servers.push(silent, plain, rude);
    const slow = await senderTo(silent.port, 300).send(request);
    expect(slow).toMatchObject({
      kind: "failed",
      errorClass: "timeout",
      phases: { connectMs: expect.any(Number) },
    });
    expect(await senderTo(plain.port).send(request)).toMatchObject({ kind: "failed", errorClass: "tls" });
    expect(await senderTo(rude.port).send(request)).toMatchObject({ kind: "failed", errorClass: "reset" });
  });
});

describe("a connection", () => {
  it("that is refused or never established is a failure", async () => {
    const closed = await startSilentServer();
    closed.stop();
    const refused = await senderTo(closed.port).send(request);
    expect(refused).toMatchObject({ kind: "failed", errorClass: "connect", code: "ECONNREFUSED" });
    const sender = createHttpsSender({
      resolver: { resolve: () => Promise.resolve({ kind: "addresses", addresses: [PUBLIC] }) },
      allowance: { loopback: false, ca: [] },
      connect: () => new Socket(),
    });
    const started = performance.now();
    expect(await sender.send(request)).toMatchObject({ kind: "failed", errorClass: "timeout" });
    expect(performance.now() - started).toBeLessThan(9000);
  });

  it("is made to the next checked address if one refuses and if one hangs", async () => {
    const receiver = await startReceiver((socket) => socket.write(OK));
    const closed = await startSilentServer();
    closed.stop();
    const addresses = ["9.9.9.9", "1.1.1.1", PUBLIC];
    const internet = pretendInternet({ "1.1.1.1": closed.port, [PUBLIC]: receiver.port });
    const sender = createHttpsSender({
      resolver: { resolve: () => Promise.resolve({ kind: "addresses", addresses }) },
      allowance: { loopback: false, ca: [authority.ca] },
      connect: (target) => (target.host === "9.9.9.9" ? new Socket() : internet.connect(target)),
    });
    senders.push(sender);
    expect(await sender.send(request)).toMatchObject({ kind: "answered", address: PUBLIC });
  });

  it("is reused for the same addresses, unless it was idle for long", async () => {
    const receiver = await startReceiver((socket) => socket.write(OK));
    const sender = senderTo(receiver.port);
    const first = await sender.send(request);
    const second = await sender.send(request);
    expect(receiver.connections).toBe(1);
    expect(second).toMatchObject({ kind: "answered", tls: { version: "TLSv1.3" }, address: PUBLIC });
    expect(first).toHaveProperty("phases.connectMs");
    expect(second).not.toHaveProperty("phases.connectMs");
    const now = performance.now();
    vi.spyOn(performance, "now").mockReturnValue(now + 5000);
    expect(await sender.send(request)).toMatchObject({ kind: "answered" });
    expect(receiver.connections).toBe(2);
  });

  it("that the receiver closes at the moment of reuse is replaced once", async () => {
    const receiver = await startReceiver((socket, { request: number }) =>
      number === 1 ? socket.write(OK) : socket.destroy(),
    );
    const sender = senderTo(receiver.port);
    await sender.send(request);
    expect(await sender.send(request)).toMatchObject({ kind: "answered", statusCode: 200 });
    expect(receiver.connections).toBe(2);
  });

  it("is not reused if the receiver sent a second response without a request", async () => {
    const receiver = await startReceiver((socket, { connection }) =>
      socket.write(
        connection === 1
          ? `${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`
          : OK.replace("200", "500"),
      ),
    );
    const sender = senderTo(receiver.port);
    expect(await sender.send(request)).toMatchObject({ statusCode: 200, body: "ok" });
    expect(await sender.send(request)).toMatchObject({ statusCode: 500 });
  });

  it("is not shared by concurrent deliveries", async () => {
    const receiver = await startReceiver((socket) => socket.write(OK));
    const sender = senderTo(receiver.port);
    const results = await Promise.all(Array.from({ length: 20 }, () => sender.send(request)));
    expect(results.every((result) => result.kind === "answered")).toBe(true);
    expect(receiver.requests).toHaveLength(20);
  });
});
