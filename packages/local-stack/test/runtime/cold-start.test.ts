import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startRuntime, type Runtime } from "../../src/index.ts";
import { PIPELINE, temporaryFolder, writeAssembly } from "../fixtures/fixture-stack.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let runtime: Runtime | undefined;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await runtime?.stop();
  await folder.remove();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The status and `Retry-After` of one request, or undefined while nothing listens. Fails if no response comes. */
async function ask(url: string): Promise<{ status: number; retryAfter: string | null } | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    await answer.body?.cancel();
    return { status: answer.status, retryAfter: answer.headers.get("retry-after") };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

it("answers every request while it starts: with 503 and Retry-After until the API is ready", async () => {
  const port = await freePort();
  const seen: NonNullable<Awaited<ReturnType<typeof ask>>>[] = [];
  // Creating the key of a new folder takes longer than a request.
  const starting = startRuntime({
    cdkOut: writeAssembly(folder.path, PIPELINE),
    dir: join(folder.path, "data"),
    port,
  });
  while (seen.at(-1)?.status !== 404) {
    const answer = await ask(`http://127.0.0.1:${port}/nowhere`);
    if (answer !== undefined) seen.push(answer);
  }
  runtime = await starting;
  const early = seen.slice(0, -1);
  expect(early.length).toBeGreaterThan(0);
  expect(early.filter(({ status, retryAfter }) => status !== 503 || retryAfter !== "1")).toEqual([]);
});
