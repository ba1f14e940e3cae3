import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHttpsSender, type HttpsSender } from "../../../lambdas/adapters/https-sender.ts";
import { createNameResolver } from "../../../lambdas/adapters/resolver.ts";
import { checkUrl } from "../../../lambdas/core/egress/egress-url.ts";
import type { SendResult } from "../../../lambdas/core/delivery/send.ts";
import { HOSTILE_ANSWERS, PUBLIC_ANSWERS } from "../../helpers/dns-answers.ts";
import { HOSTILE_URLS } from "../../helpers/hostile-urls.ts";
import { type NameAnswer, type NameServer, startNameServer } from "../../helpers/name-server.ts";
import {
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
const inside = { addresses: ["127.0.0.1"] };
const outside = { addresses: [PUBLIC] };

let authority: TestAuthority;
let receiver: TlsReceiver;
/** Listens on loopback, where no connection may ever arrive. */
let trap: TestServer;
let names: NameServer;
let answer: (name: string, type: "A" | "AAAA", times: number) => NameAnswer;
let sender: HttpsSender;

beforeAll(async () => {
  authority = await createTestAuthority();
  const certificate = await authority.issue(["siem.example.com", "other.example.com"]);
  receiver = await startTlsReceiver(certificate, (socket) => socket.write(OK));
  trap = await startSilentServer();
  names = await startNameServer((...question) => answer(...question));
});
afterAll(async () => {
  receiver.stop();
  trap.stop();
  await names.stop();
  await authority.remove();
});

let internet: ReturnType<typeof pretendInternet>;
beforeEach(() => {
  Object.assign(trap, { connections: 0, bytes: 0 });
  internet = pretendInternet({
    [PUBLIC]: receiver.port,
    "1.1.1.1": receiver.port,
    "2606:4700:4700::1111": receiver.port,
  });
  sender = createSender({ loopback: false });
});
afterEach(() => sender.close());

function createSender({ loopback }: { loopback: boolean }): HttpsSender {
  return createHttpsSender({
    resolver: createNameResolver({ servers: [names.server] }),
    allowance: { loopback, ca: [authority.ca] },
    connect: internet.connect,
    totalMs: 3000,
  });
}

function send(url: string): Promise<SendResult> {
  return sender.send({ url, headers: { "Content-Type": "application/json" }, body: Buffer.from("[]") });
}

describe("the answer of a name server", () => {
  it("is refused if any address in it is not public, and no connection is made", async () => {
    for (const addresses of HOSTILE_ANSWERS) {
      answer = () => ({ addresses });
      const result = await send(`https://siem.example.com:${trap.port}/hook`);
      expect([addresses, result]).toEqual([
        addresses,
        expect.objectContaining({ kind: "refused", rule: "no-public-address" }),
      ]);
      expect(JSON.stringify(result)).not.toContain(addresses[0]);
    }
    expect(internet.dialled).toEqual([]);
    expect(trap.connections).toBe(0);
  });

  it("is used if all addresses in it are public, IPv4 addresses first", async () => {
    for (const [addresses, dialled] of PUBLIC_ANSWERS) {
      answer = () => ({ addresses });
      internet = pretendInternet(Object.fromEntries(addresses.map((address) => [address, receiver.port])));
      sender = createSender({ loopback: false });
      const result = await send("https://siem.example.com/hook");
      expect(result).toMatchObject({
        kind: "answered",
        statusCode: 200,
        address: dialled,
        dns: { verdict: "public" },
      });
      expect(internet.dialled).toEqual([dialled]);
      sender.close();
    }
  });

  it("is judged by the addresses at the end of an alias", async () => {
    answer = () => ({ alias: "vault.internal", addresses: ["10.1.2.3"] });
    expect(await send("https://siem.example.com/")).toMatchObject({
      kind: "refused",
      rule: "no-public-address",
    });
    answer = () => ({ alias: "lb.example.net", addresses: [PUBLIC] });
    expect(await send("https://siem.example.com/")).toMatchObject({ kind: "answered" });
  });

  it("does not reveal whether a name does not exist or has a private address", async () => {
    const results: SendResult[] = [];
    for (const given of ["no-such-name", "no-data", inside, { addresses: ["10.0.0.1", PUBLIC] }] as const) {
      answer = () => given;
      results.push({ ...(await send("https://db.example.com/")), durationMs: 0 });
    }
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
  });

  it("is reported as a time-out if it is late, and as a DNS failure if it is an error", async () => {
    answer = () => "server-failure";
    expect(await send("https://siem.example.com/")).toMatchObject({ kind: "failed", errorClass: "dns" });
    answer = () => "silence";
    expect(await send("https://siem.example.com/")).toMatchObject({ kind: "failed", errorClass: "timeout" });
  });
});

describe("DNS rebinding", () => {
  it("between the creation of a destination and a delivery sends no byte to loopback", async () => {
    const url = `https://siem.example.com:${trap.port}/hook`;
    answer = () => outside;
    expect(checkUrl(url, { loopback: false }).kind).toBe("allowed");
    expect(await send(url)).toMatchObject({ kind: "answered" });
    answer = () => inside;
    for (let attempt = 0; attempt < 5; attempt++) expect(await send(url)).toMatchObject({ kind: "refused" });
    expect(trap).toMatchObject({ connections: 0, bytes: 0 });
    expect(internet.dialled).toEqual([PUBLIC]);
  });

  it("between check and connection is impossible, because a name is resolved once and its address is used", async () => {
    answer = (_, __, times) => (times % 2 === 0 ? outside : inside);
    const kinds: string[] = [];
    for (let attempt = 0; attempt < 10; attempt++) {
      const before = names.asked.length;
      const { kind } = await send(`https://flip-${attempt >> 1}.example.com:${trap.port}/hook`);
      kinds.push(kind);
      const asked = names.asked.slice(before).map((one) => one.split(" ")[0]);
      expect(asked.toSorted()).toEqual(["A", "AAAA"]);
    }
    // At its first resolution each name is public, but the certificate is for another name. At the second its address
    // is private.
    expect(kinds).toEqual(Array.from({ length: 5 }, () => ["failed", "refused"]).flat());
    expect(new Set(internet.dialled)).toEqual(new Set([PUBLIC]));
    expect(trap).toMatchObject({ connections: 0, bytes: 0 });
  });

  it("does not use an open connection, which is kept for the addresses that were just checked", async () => {
    const url = "https://siem.example.com/hook";
    answer = () => outside;
    const before = receiver.connections;
    await send(url);
    await send(url);
    expect(receiver.connections).toBe(before + 1);
    answer = () => inside;
    expect(await send(url)).toMatchObject({ kind: "refused" });
    answer = () => ({ addresses: ["1.1.1.1"] });
    expect(await send(url)).toMatchObject({ kind: "answered", address: "1.1.1.1" });
    expect(receiver.connections).toBe(before + 2);
  });

  it("does not use the connection of another name with the same address", async () => {
    answer = () => outside;
    const before = receiver.connections;
    await send("https://siem.example.com/hook");
    await send("https://other.example.com/hook");
    expect(receiver.connections).toBe(before + 2);
  });
});

describe("a connection that reached another address than the checked one", () => {
  it("is refused before a byte is sent", async () => {
    answer = () => outside;
    const socketOf = pretendInternet({}).connect;
    const diverted = createHttpsSender({
      resolver: createNameResolver({ servers: [names.server] }),
      allowance: { loopback: false, ca: [authority.ca] },
      connect: () => socketOf({ host: "127.0.0.1", port: trap.port }),
    });
    const result = await diverted.send({
      url: "https://siem.example.com/",
      headers: {},
      body: new Uint8Array(),
    });
    expect(result).toMatchObject({ kind: "refused", rule: "address-changed" });
    expect(trap.bytes).toBe(0);
  });
});

describe("a destination's URL", () => {
  it("is checked again at delivery, whatever was stored", async () => {
    answer = () => inside;
    for (const [rule, url] of HOSTILE_URLS) {
      expect([url, await send(url)]).toEqual([
        url,
        { kind: "refused", rule, durationMs: expect.any(Number) },
      ]);
    }
    expect(internet.dialled).toEqual([]);
  });

  it("with a literal address is connected to there, and the certificate must be for that address", async () => {
    const result = await send(`https://${PUBLIC}/hook`);
    expect(internet.dialled).toEqual([PUBLIC]);
    expect(result).toMatchObject({
      kind: "failed",
      errorClass: "tls",
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
      dns: { verdict: "literal", addresses: [PUBLIC] },
    });
  });
});

describe("a URL on loopback", () => {
  it("is delivered to by its address if that is allowed", async () => {
    sender = createSender({ loopback: true });
    const result = await send(`https://127.0.0.1:${receiver.port}/hook`);
    expect(result).toMatchObject({ kind: "answered", address: "127.0.0.1", dns: { verdict: "literal" } });
    expect(JSON.stringify(result)).not.toContain('"addresses"');
  });

  it("is delivered to as localhost, without a DNS look-up, if that is allowed", async () => {
    sender = createSender({ loopback: true });
    answer = () => outside;
    const asked = names.asked.length;
    const result = await send(`https://localhost:${receiver.port}/hook`);
    expect(result).toMatchObject({ kind: "answered", address: "127.0.0.1", dns: { verdict: "literal" } });
    expect(JSON.stringify(result)).not.toContain('"addresses"');
    expect(names.asked.slice(asked)).toEqual([]);
    expect(internet.dialled).toEqual(["127.0.0.1"]);
  });

  it("is delivered to as localhost only with a certificate for that name", async () => {
    const other = await startTlsReceiver(await selfSigned("siem.example.com", false), (socket) =>
      socket.write(OK),
    );
    sender = createSender({ loopback: true });
    expect(await send(`https://localhost:${other.port}/`)).toMatchObject({
      kind: "failed",
      errorClass: "tls",
    });
    expect(other.requests).toEqual([]);
    other.stop();
  });

  it("is refused with another host name even if loopback is allowed", async () => {
    sender = createSender({ loopback: true });
    answer = () => inside;
    expect(await send(`https://siem.example.com:${trap.port}/`)).toMatchObject({ kind: "refused" });
    expect(await send(`https://app.localhost:${trap.port}/`)).toMatchObject({ kind: "refused" });
    expect(trap.connections).toBe(0);
  });

  it("is refused if loopback is not allowed", async () => {
    expect(await send(`https://127.0.0.1:${trap.port}/`)).toMatchObject({
      kind: "refused",
      rule: "address-not-public",
    });
    expect(await send(`https://localhost:${trap.port}/`)).toMatchObject({
      kind: "refused",
      rule: "host-single-label",
    });
    expect(trap.connections).toBe(0);
  });
});
