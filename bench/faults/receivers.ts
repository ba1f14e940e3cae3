import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countEvents } from "../../local/receiver/read-events.ts";
import { issueServerCertificate } from "@trailcast/local-stack/access";
import { behave, type Outcome } from "./answer-by-fault.ts";
import type { DestinationPlan, ReceiverFault } from "./plan.ts";

/** A request that was read completely. */
export interface Arrival {
  workspace: string;
  /** Real time, milliseconds since 1970. */
  at: number;
  headers: Record<string, string>;
  body: string;
  outcome: Outcome;
}

export interface Receivers {
  /** URL of the destination with this number in the plan. */
  url(index: number): string;
  stop(): Promise<void>;
}

interface Receiver {
  plan: DestinationPlan;
  requests: number;
  server: Server;
}

export interface ArrivalWatch {
  /** Called before the response is sent. */
  arrived(arrival: Arrival): void;
  /** Called for a path that no destination has, which means that a redirect was followed. */
  strayed(path: string): void;
  /** Called when a request or connection of a receiver, numbered from 0, meets a fault. */
  met(workspace: string, number: number, fault: ReceiverFault): void;
}

/** Starts one TLS receiver per destination, each on its own port and with the planned faults. */
export async function startReceivers(
  dir: string,
  plans: readonly DestinationPlan[],
  watch: ArrivalWatch,
): Promise<Receivers> {
  const sockets = new Map<number, Socket>();
  const receivers: Receiver[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "/";
    const receiver = receivers[Number(path.slice(1))];
    if (receiver === undefined) {
      watch.strayed(path);
      return void response.writeHead(404).end();
    }
    const { workspace, faults } = receiver.plan;
    const number = receiver.requests++;
    const fault = faults[number];
    if (fault === "close-mid-request") {
      watch.met(workspace, number, fault);
      // A receiver that disconnects during the request keeps nothing.
      return void request.destroy();
    }
    const read = await readRequest(request);
    const { met, outcome, send } = behave(fault, countEvents(read));
    if (met !== undefined) watch.met(workspace, number, met);
    watch.arrived({ ...read, outcome, workspace });
    // The next request must see another certificate, so it needs a new connection.
    if (receiver.plan.faults[receiver.requests] === "bad-certificate")
      response.setHeader("connection", "close");
    send(response, sockets.get(request.socket.remotePort ?? 0));
  };

  const [good, bad] = await Promise.all([tlsServer(dir, take), untrustedServer(take)]);
  for (const plan of plans) {
    const receiver: Receiver = { plan, requests: 0, server: createServer() };
    receivers.push(receiver);
    receiver.server.on("connection", (socket) => {
      const port = socket.remotePort ?? 0;
      sockets.set(port, socket);
      socket.on("close", () => sockets.delete(port));
      socket.on("error", () => socket.destroy());
      const isBad = plan.faults[receiver.requests] === "bad-certificate";
      if (isBad) watch.met(plan.workspace, receiver.requests++, "bad-certificate");
      (isBad ? bad : good).emit("connection", socket);
    });
    await new Promise<void>((resolve) => receiver.server.listen(0, "127.0.0.1", resolve));
  }
  return {
    url: (index) => `https://127.0.0.1:${portOf(receivers[index]!.server)}/${index}`,
    stop: async () => {
      for (const socket of sockets.values()) socket.destroy();
      await Promise.all(
        receivers.map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve()))),
      );
    },
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

type Take = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

async function tlsServer(dir: string, take: Take): Promise<TlsServer> {
  const server = createTlsServer(await issueServerCertificate(dir), (request, response) => {
    response.on("error", () => response.destroy());
    take(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 30_000;
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.on("clientError", (_error, socket) => socket.destroy());
  return server;
}

/** Starts a server whose certificate was issued by an untrusted authority. */
async function untrustedServer(take: Take): Promise<TlsServer> {
  const dir = await mkdtemp(join(tmpdir(), "trailcast-untrusted-"));
  try {
    return await tlsServer(dir, take);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function readRequest(request: IncomingMessage): Promise<Pick<Arrival, "at" | "headers" | "body">> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value ?? "")]),
  );
  return { at: Date.now(), headers, body: Buffer.concat(chunks).toString("utf8") };
}
