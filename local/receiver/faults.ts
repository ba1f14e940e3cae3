import type { ServerResponse } from "node:http";

/** Facts about a request that its fault depends on. */
export interface FaultContext {
  url: URL;
  /** Number of earlier requests to this path with the same `webhook-id`. */
  earlierAttempts: number;
  /** Counts the events in the body. */
  countEvents: () => number;
}

type Fault = (response: ServerResponse, context: FaultContext) => void;

const DRIP_MS = 250;

function numberOf(url: URL, name: string, fallback: number): number {
  const value = Number(url.searchParams.get(name) ?? fallback);
  return Number.isFinite(value) ? value : fallback;
}

function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers });
  response.end(status < 300 ? "ok" : `practice answer ${status}`);
}

/** `/respond/429?retry-after=2` */
const respond: Fault = (response, { url }) => {
  const status = Number(url.pathname.split("/")[2]);
  const retryAfter = url.searchParams.get("retry-after");
  const location = status >= 300 && status < 400 ? { location: "https://127.0.0.1:1/elsewhere" } : {};
  answer(response, Number.isInteger(status) && status >= 200 && status <= 599 ? status : 500, {
    ...location,
    ...(retryAfter !== null && { "retry-after": retryAfter }),
  });
};

/** Sends a 200 whose body never ends: one byte every 250 ms. */
const drip: Fault = (response, { url }) => {
  response.writeHead(numberOf(url, "status", 200), { "content-type": "text/plain" });
  const timer = setInterval(() => response.write("."), DRIP_MS);
  response.on("close", () => clearInterval(timer));
};

/** `/slow?ms=2000`: delays the response. */
const slow: Fault = (response, { url }) => {
  const timer = setTimeout(() => answer(response, 200), numberOf(url, "ms", 2000));
  response.on("close", () => clearTimeout(timer));
};

/** `/flaky?failures=2`: refuses each delivery that often, then accepts it. */
const flaky: Fault = (response, { url, earlierAttempts }) => {
  answer(response, earlierAttempts < numberOf(url, "failures", 2) ? numberOf(url, "status", 500) : 200);
};

/** `/limit?events=10`: responds with 413 to more events than that. */
const limit: Fault = (response, { url, countEvents }) => {
  answer(response, countEvents() > numberOf(url, "events", 10) ? 413 : 200);
};

/** Sends a response of 4 MiB. */
const big: Fault = (response) => {
  response.writeHead(200, { "content-type": "text/plain" });
  response.end("x".repeat(4 * 1024 * 1024));
};

/**
 * Behaviours of the receiver, by the first part of the path; any other path responds with 200. `hang` never responds,
 * `reset` cuts the connection.
 */
const FAULTS: Readonly<Record<string, Fault>> = {
  respond,
  drip,
  slow,
  flaky,
  limit,
  big,
  gone: (response) => answer(response, 410),
  redirect: (response) => answer(response, 302, { location: "https://127.0.0.1:1/elsewhere" }),
  hang: () => {},
  reset: (response) => response.destroy(),
};

/** Responds to a request as its path says. */
export function answerRequest(response: ServerResponse, context: FaultContext): void {
  const fault = FAULTS[context.url.pathname.split("/")[1] ?? ""];
  if (fault === undefined) answer(response, 200);
  else fault(response, context);
}
