import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../lambdas/core/base/clock.ts";
import { answerRequest } from "./faults.ts";
import { countEvents } from "./read-events.ts";
import { judgeRequest, type ReceivedRequest, type Verdict } from "./verdict.ts";
import { issueServerCertificate } from "@trailcast/local-stack/access";

export type { ReceivedRequest, Verdict } from "./verdict.ts";

export interface PracticeReceiverOptions {
  /** Data folder whose authority signs the receiver's certificate. */
  dir: string;
  /** Port on 127.0.0.1. Default: 0, which takes a free one. */
  port?: number;
  /** Clock that timestamps of signatures are compared with. */
  clock?: Clock;
  /** File to which every request is appended as a JSON line, for `trailcast verify --chain`. */
  file?: string;
  /** Called once when `file` can no longer be written; the receiver continues without it. */
  onUnkept?: (error: Error) => void;
  /** Called for each request after its response has begun. With it, requests are judged at once. */
  onReceived?: (request: ReceivedRequest, verdict: Verdict) => void;
  /** Keeps no requests in memory, for a receiver that runs for long. */
  forget?: boolean;
}

/** A webhook receiver over TLS for demonstrations and tests, built with the libraries that customers use. */
export interface PracticeReceiver {
  /** `https://127.0.0.1:PORT` without a trailing slash. */
  url: string;
  port: number;
  /** Requests so far, in the order in which they were complete. */
  received: readonly ReceivedRequest[];
  /** Sets the secret that requests to `path` (with its query) are verified with. */
  setSecret(path: string, secret: string): void;
  /** Returns the verdict on a request. */
  judge(request: ReceivedRequest): Verdict;
  stop(): Promise<void>;
}

/** Starts the receiver. The path decides how it responds: see `faults.ts`. */
export async function startPracticeReceiver(options: PracticeReceiverOptions): Promise<PracticeReceiver> {
  const clock = options.clock ?? Date.now;
  const secrets = new Map<string, string>();
  const received: ReceivedRequest[] = [];
  const attempts = new Map<string, number>();
  const journal = options.file === undefined ? undefined : await openJournal(options.file, options.onUnkept);
  const judge = (request: ReceivedRequest): Verdict =>
    judgeRequest(request, secrets.get(request.path), request.at);

  const take = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await readRequest(incoming, clock);
    if (incoming.method === "GET") return void response.end("Trailcast practice receiver\n");
    if (options.forget !== true) received.push(request);
    if (journal?.writable === true) journal.write(`${JSON.stringify(request)}\n`);
    const key = `${request.path} ${request.headers["webhook-id"] ?? ""}`;
    const earlierAttempts = attempts.get(key) ?? 0;
    if (attempts.size > 100_000) attempts.clear(); // only `/flaky` needs them, for the attempts of one delivery
    attempts.set(key, earlierAttempts + 1);
    const url = new URL(request.path, "https://receiver");
    answerRequest(response, { url, earlierAttempts, countEvents: () => countEvents(request) });
    options.onReceived?.(request, judge(request));
  };

  const server = createServer(await issueServerCertificate(options.dir), (incoming, response) => {
    // A client that aborts its request gets no response.
    take(incoming, response).catch(() => response.destroy());
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  const port = await listen(server, options.port ?? 0);
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    received,
    setSecret: (path, secret) => void secrets.set(path, secret),
    judge,
    stop: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
      if (journal !== undefined) await new Promise<void>((resolve) => void journal.end(() => resolve()));
    },
  };
}

/** Rejects when the file cannot be opened. */
async function openJournal(file: string, onUnkept: (error: Error) => void = () => {}): Promise<WriteStream> {
  const journal = createWriteStream(file, { flags: "a" });
  await once(journal, "open");
  journal.on("error", onUnkept);
  return journal;
}

async function readRequest(incoming: IncomingMessage, clock: Clock): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
  return {
    at: clock(),
    path: incoming.url ?? "/",
    headers,
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address: AddressInfo | string | null = server.address();
      if (address === null || typeof address === "string") reject(new Error("the receiver has no port"));
      else resolve(address.port);
    });
  });
}
