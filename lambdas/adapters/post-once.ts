import type { ClientRequest, IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { isSameAddress } from "../core/egress/egress-address.ts";
import type { SendPhases, SendTls } from "../core/delivery/send.ts";
import type { CheckedAgent, CheckedRequestOptions } from "./checked-agent.ts";
import { describeTls } from "./describe-tls.ts";
import { type CheckedTarget, ConnectionError, connectionError } from "./dial-checked.ts";

const MAX_ANSWER_BYTES = 16 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** Limits answers of status 100, 102 and 103: each costs the receiver nothing, but a callback here. */
const MAX_INFORMATIONAL = 16;

export interface Post {
  target: CheckedTarget;
  /** Path and query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
  phases: SendPhases;
  /** Aborts at the deadline. Before a status was received this is a time-out, afterwards the end of the answer. */
  signal: AbortSignal;
}

export interface Posted {
  result:
    | { kind: "answered"; statusCode: number; retryAfter: string | undefined; body: Uint8Array }
    | { kind: "failed"; error: ConnectionError };
  /** The address of the connection; missing if there was none. */
  address?: string;
  tls?: SendTls;
  /** True if the connection was left from an earlier request. */
  reused: boolean;
}

/**
 * Sends one POST and reads at most 16 KiB of its answer. Redirects are answers like any other. Never throws, whatever
 * the receiver does.
 */
export function postOnce(agent: CheckedAgent, post: Post): Promise<Posted> {
  const { promise, resolve } = Promise.withResolvers<Posted>();
  const request = httpsRequest(requestOptions(agent, post));
  const connection: Pick<Posted, "address" | "tls"> = {};
  const answer = new Answer();
  let readyAt = performance.now();

  const finish = (error: ConnectionError): void => {
    const result = answer.result() ?? ({ kind: "failed", error } as const);
    resolve({ result, ...connection, reused: request.reusedSocket });
  };
  const cut = (error: ConnectionError): void => {
    finish(error);
    request.destroy();
  };
  // Stays attached: an error after the result is known has no effect.
  request.on("error", (error) => cut(connectionError(error, "reset")));
  request.on("close", () => finish(new ConnectionError("reset")));
  request.on("socket", (socket) => {
    readyAt = performance.now();
    if (!isChecked(socket, post.target)) return cut(new ConnectionError("address-changed"));
    Object.assign(connection, { address: socket.remoteAddress, tls: describeTls(socket) });
  });
  limitInformational(request, cut);
  const onStatus = (response: IncomingMessage): void => {
    post.phases.firstByteMs = Math.round(performance.now() - readyAt);
    answer.begin(response);
  };
  request.on("upgrade", (response, socket) => {
    onStatus(response);
    socket.destroy();
  });
  request.on("response", (response) => {
    onStatus(response);
    response.on("error", (error) => cut(connectionError(error, "reset")));
    response.on("end", () => finish(new ConnectionError("reset")));
    response.on("data", (chunk: Buffer) => {
      if (!answer.add(chunk)) cut(new ConnectionError("protocol"));
    });
  });
  post.signal.addEventListener("abort", () => cut(new ConnectionError("timeout")), { once: true });
  if (post.signal.aborted) cut(new ConnectionError("timeout"));
  request.end(post.body);
  return promise;
}

function requestOptions(
  agent: CheckedAgent,
  { target, path, headers, body, ...rest }: Post,
): CheckedRequestOptions {
  return {
    method: "POST",
    host: target.host,
    port: target.port,
    path,
    // A compressed answer of 49 kB could otherwise become 50 MB.
    headers: { ...headers, "Content-Length": String(body.byteLength), "Accept-Encoding": "identity" },
    agent,
    checked: { target, phases: rest.phases, signal: rest.signal },
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
  };
}

function isChecked(socket: Socket, { addresses }: CheckedTarget): boolean {
  const { remoteAddress } = socket;
  return remoteAddress !== undefined && addresses.some((address) => isSameAddress(address, remoteAddress));
}

function limitInformational(request: ClientRequest, cut: (error: ConnectionError) => void): void {
  let informational = 0;
  request.on("information", () => {
    informational++;
    if (informational > MAX_INFORMATIONAL) cut(new ConnectionError("protocol"));
  });
}

/** The part of an answer that was received so far. */
class Answer {
  #head: { statusCode: number; retryAfter: string | undefined } | undefined;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  begin({ statusCode = 0, headers }: IncomingMessage): void {
    this.#head = { statusCode, retryAfter: headers["retry-after"] };
  }

  /** Returns false if no more is needed. */
  add(chunk: Uint8Array): boolean {
    const room = MAX_ANSWER_BYTES - this.#bytes;
    this.#chunks.push(chunk.subarray(0, room));
    this.#bytes += Math.min(room, chunk.byteLength);
    return this.#bytes < MAX_ANSWER_BYTES;
  }

  /** `undefined` if no status was received. */
  result(): Extract<Posted["result"], { kind: "answered" }> | undefined {
    return this.#head && { kind: "answered", ...this.#head, body: Buffer.concat(this.#chunks) };
  }
}
