import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ReceiverFault } from "./plan.ts";

/** What a receiver did with a request: `acknowledged` it with a 2xx, `kept` it without a response, or `refused` it. */
export type Outcome = "acknowledged" | "kept" | "refused";

/** How to treat a request that was read completely. Call `send` after the outcome has been recorded. */
export interface Behaviour {
  /** The fault that this request meets; absent when the receiver behaves. */
  met?: ReceiverFault;
  outcome: Outcome;
  send(response: ServerResponse, raw: Socket | undefined): void;
}

const DRIP_MS = 500;
const CHUNK = Buffer.alloc(8 * 1024, "x");

function status(code: number, headers: Record<string, string> = {}): Behaviour {
  return {
    outcome: code < 300 ? "acknowledged" : "refused",
    send: (response) => void response.writeHead(code, headers).end(),
  };
}

/** Sends data for as long as the sender reads it. */
function sendEndlessly(response: ServerResponse, code: number): void {
  response.writeHead(code);
  const more = (): void => {
    while (!response.destroyed && response.write(CHUNK));
  };
  response.on("drain", more);
  more();
}

const BEHAVIOURS: Readonly<
  Record<Exclude<ReceiverFault, "close-mid-request" | "bad-certificate">, Behaviour>
> = {
  "500": status(500),
  "429": status(429, { "retry-after": "20" }),
  redirect: status(307, { location: "/followed" }),
  "413": status(413),
  hang: { outcome: "refused", send: () => {} },
  reset: { outcome: "refused", send: (response, raw) => cut(response, raw) },
  "endless-503": { outcome: "refused", send: (response) => sendEndlessly(response, 503) },
  "close-mid-answer-taken": {
    outcome: "acknowledged",
    send: (response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("cut off", () => response.destroy());
    },
  },
  "drip-taken": {
    outcome: "acknowledged",
    send: (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write("."), DRIP_MS);
      response.on("close", () => clearInterval(timer));
    },
  },
  "endless-taken": { outcome: "acknowledged", send: (response) => sendEndlessly(response, 200) },
  "drop-taken": { outcome: "kept", send: (response) => void response.destroy() },
};

/** Resets the connection instead of closing it. */
function cut(response: ServerResponse, raw: Socket | undefined): void {
  if (raw === undefined) response.destroy();
  else raw.resetAndDestroy();
}

/** Chooses how a receiver treats a request with `count` events. A batch of one event is never answered 413. */
export function behave(fault: ReceiverFault | undefined, count: number): Behaviour {
  if (fault === undefined || (fault === "413" && count === 1)) return status(200);
  // These two faults need an earlier stage: by now the connection is established and the request has been read.
  const met = fault === "bad-certificate" || fault === "close-mid-request" ? "reset" : fault;
  return { met, ...BEHAVIOURS[met] };
}
