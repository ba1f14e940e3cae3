import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ReceiverFault } from "./plan.ts";

/** What became of a request at its receiver: `acknowledged` by a 2xx, `kept` but unanswered, or `refused`. */
export type Outcome = "acknowledged" | "kept" | "refused";

/** What to do with a request that was read whole. `send` is called once the outcome is on record. */
export interface Behaviour {
  /** The fault that this is; none when the receiver behaves. */
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

/** As much as the sender takes, for as long as it takes it. */
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

/** By a reset instead of an end. */
function cut(response: ServerResponse, raw: Socket | undefined): void {
  if (raw === undefined) response.destroy();
  else raw.resetAndDestroy();
}

/** How a receiver meets a request with `count` events. One alone is never too large. */
export function behave(fault: ReceiverFault | undefined, count: number): Behaviour {
  if (fault === undefined || (fault === "413" && count === 1)) return status(200);
  // By now the connection is made and the request read: these two come too late.
  const met = fault === "bad-certificate" || fault === "close-mid-request" ? "reset" : fault;
  return { met, ...BEHAVIOURS[met] };
}
