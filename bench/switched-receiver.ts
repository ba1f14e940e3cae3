import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { issueServerCertificate } from "@trailcast/local-stack/access";

/** Acknowledged events. `at` is real time, milliseconds since 1970. */
export interface Taken {
  at: number;
  /** The `subject` of each event, in order. */
  subjects: string[];
}

/** A TLS receiver whose paths can be switched to answer 503. */
export interface SwitchedReceiver {
  url: string;
  /** The requests that a path has acknowledged. */
  taken(path: string): readonly Taken[];
  /** Number of events in them. */
  count(path: string): number;
  setDown(path: string, isDown: boolean): void;
  stop(): Promise<void>;
}

interface Path {
  taken: Taken[];
  count: number;
  isDown: boolean;
}

export async function startSwitchedReceiver(dir: string): Promise<SwitchedReceiver> {
  const paths = new Map<string, Path>();
  const at = (path: string): Path => {
    const known = paths.get(path) ?? { taken: [], count: 0, isDown: false };
    paths.set(path, known);
    return known;
  };
  const server = createServer(await issueServerCertificate(dir), (request, response) => {
    readSubjects(request)
      .then((subjects) => {
        const path = at(request.url ?? "/");
        if (path.isDown) return response.writeHead(503).end();
        path.taken.push({ at: Date.now(), subjects });
        path.count += subjects.length;
        return response.writeHead(200).end();
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: (path) => at(path).taken,
    count: (path) => at(path).count,
    setDown: (path, isDown) => {
      at(path).isDown = isDown;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function readSubjects(request: IncomingMessage): Promise<string[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const events = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { subject: string }[];
  return events.map(({ subject }) => subject);
}
