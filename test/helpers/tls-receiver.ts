import "reflect-metadata"; // Must come first, because the certificate library needs it when it is loaded.
import { webcrypto } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Socket,
} from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TlsOptions, type TLSSocket } from "node:tls";
import * as x509 from "@peculiar/x509";
import type { Connect } from "../../lambdas/adapters/dial-checked.ts";
import {
  authorityFiles,
  type Certificate,
  ensureAuthority,
  issueServerCertificate,
} from "@trailcast/local-stack/access";

/** A certificate authority, and certificates issued by it. */
export interface TestAuthority {
  ca: string;
  caFile: string;
  /** Issues a certificate for these names, 127.0.0.1 and localhost. */
  issue(names?: readonly string[]): Promise<Certificate>;
  /** Removes the authority's folder, including its key. */
  remove(): Promise<void>;
}

export async function createTestAuthority(): Promise<TestAuthority> {
  const dir = await mkdtemp(join(tmpdir(), "trailcast-egress-"));
  const { cert } = await ensureAuthority(dir);
  return {
    ca: cert,
    caFile: authorityFiles(dir).ca,
    issue: (names) => issueServerCertificate(dir, names),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Creates an authority with a certificate for `name`, which is no longer valid when `expired` is set. */
export async function selfSigned(name: string, expired: boolean): Promise<Certificate> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: "01",
      name: `CN=${name}`,
      notBefore: new Date(now - 10 * 86_400_000),
      notAfter: new Date(now + (expired ? -86_400_000 : 86_400_000)),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
      ],
    },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: certificate.toString("pem"), key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY") };
}

/** A server on loopback that counts connections. */
export interface TestServer {
  port: number;
  connections: number;
  /** Bytes received from clients, before TLS. */
  bytes: number;
  stop(): void;
}

export interface TlsReceiver extends TestServer {
  /** Requests that arrived completely (head and body), in order. */
  requests: readonly string[];
}

/** Called for each complete request; `connection` and `request` count from 1, `request` on its connection. */
export type Answer = (socket: TLSSocket, seen: { connection: number; request: number; text: string }) => void;

export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A receiver that sends exactly the given bytes. */
export async function startTlsReceiver(options: TlsOptions, answer: Answer): Promise<TlsReceiver> {
  const requests: string[] = [];
  const receiver = { port: 0, connections: 0, bytes: 0, requests, stop: () => undefined as void };
  const server = createServer(options, (socket) => {
    const connection = ++receiver.connections;
    let request = 0;
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      receiver.bytes += chunk.length;
      text += chunk.toString("latin1");
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      const end = text.indexOf("\r\n\r\n") + 4;
      if (end < 4 || text.length < end + Number(length ?? 0)) return;
      requests.push(text);
      answer(socket, { connection, request: ++request, text });
      text = "";
    });
  });
  server.on("tlsClientError", () => undefined);
  return Object.assign(receiver, await listen(server));
}

/** A server that reads but never answers; no client is expected to connect. */
export async function startSilentServer(onConnection?: (socket: Socket) => void): Promise<TestServer> {
  const counts = { port: 0, connections: 0, bytes: 0, stop: () => undefined as void };
  const server = createTcpServer((socket) => {
    counts.connections++;
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => (counts.bytes += chunk.length));
    onConnection?.(socket);
  });
  return Object.assign(counts, await listen(server));
}

async function listen(
  server: ReturnType<typeof createTcpServer>,
): Promise<{ port: number; stop: () => void }> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/**
 * Simulates the internet on loopback: connections to the addresses of `hosts` go to servers on these ports and look as
 * if they had reached those addresses. Connections to other addresses are unchanged.
 */
export function pretendInternet(hosts: Readonly<Record<string, number>>): {
  connect: Connect;
  dialled: string[];
} {
  const dialled: string[] = [];
  const connect: Connect = ({ host, port }) => {
    dialled.push(host);
    const pretended = hosts[host];
    if (pretended === undefined) return connectTcp({ host, port });
    const socket = connectTcp({ host: "127.0.0.1", port: pretended });
    socket.once("connect", () => {
      // TLS reads the peer's name from the handle of the underlying socket.
      const handle = (socket as unknown as { _handle: { getpeername(out: object): number } })._handle;
      const family = host.includes(":") ? "IPv6" : "IPv4";
      handle.getpeername = (out) => (Object.assign(out, { address: host, family, port }), 0);
    });
    return socket;
  };
  return { connect, dialled };
}
