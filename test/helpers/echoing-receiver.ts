import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { issueServerCertificate } from "@trailcast/local-stack/access";

/** A receiver that responds with everything it received, as debugging pages and careless endpoints do. */
export interface EchoingReceiver {
  url: string;
  /** Method, path and headers of each request, in order. */
  requests: readonly string[];
  stop(): void;
}

/** The content of a request, in the spellings in which servers quote it. */
function quoted({ url = "", headers, rawHeaders }: IncomingMessage, body: string): string {
  const values = Object.values(headers).map(String);
  return [
    JSON.stringify(headers),
    `<pre>${rawHeaders.join("\n").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")}</pre>`,
    values.map(encodeURIComponent).join("&"),
    ...values.map((value) => Buffer.from(value).toString("base64")),
    ...values.map((value) => Buffer.from(value).toString("base64url")),
    ...values.map((value) => Buffer.from(value).toString("hex")),
    url,
    body,
  ].join("\n");
}

/** The kinds of responses, chosen by the first segment of the path. */
const ANSWERS: Readonly<
  Record<string, (response: ServerResponse, echo: string, request: IncomingMessage) => void>
> = {
  echo: (response, echo) => response.writeHead(200).end(echo),
  refuse: (response, echo) => response.writeHead(500).end(echo),
  forbid: (response, echo) => response.writeHead(401, { "www-authenticate": "Basic" }).end(echo),
  gone: (response, echo) => response.writeHead(410).end(echo),
  large: (response, echo) => response.writeHead(413).end(echo),
  wait: (response, echo, { headers }) =>
    response.writeHead(429, { "retry-after": String(headers["x-api-key"]) }).end(echo),
  elsewhere: (response, echo, { url = "" }) =>
    response.writeHead(302, { location: `https://other.example.com${url}` }).end(echo),
  // Reaches the limit of 16 KiB, where reading stops, in the middle of a value.
  cut: (response, echo, { headers }) =>
    response.writeHead(500).end(`${"x".repeat(16 * 1024 - 20)}${String(headers["x-api-key"])}${echo}`),
  // Reaches the limit of 1 KiB, where storing stops, in the middle of a value.
  kept: (response, echo, { headers }) =>
    response.writeHead(500).end(`${"x".repeat(1024 - 20)}${String(headers["x-api-key"])}${echo}`),
  drop: (response) => response.destroy(),
  nonsense: (response, echo) => response.socket?.end(`HTTP/9.9 ${echo}`),
};

/** `dir` is the data folder whose authority signs its certificate. */
export async function startEchoingReceiver(dir: string): Promise<EchoingReceiver> {
  const requests: string[] = [];
  const server = createServer(await issueServerCertificate(dir), (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => undefined);
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      requests.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
      const answer = ANSWERS[(request.url ?? "").split(/[/?]/)[1] ?? ""] ?? ANSWERS["echo"];
      answer?.(response, quoted(request, body), request);
    });
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export const ECHOING_KINDS = Object.keys(ANSWERS);
