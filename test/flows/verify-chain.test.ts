import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { writeEndpoints } from "../../local/endpoints.ts";
import type { ReceivedRequest } from "../../local/receiver/practice-receiver.ts";
import { createFlowUser, type FlowStack, type FlowUser, startFlowStack } from "../helpers/flow-stack.ts";

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");
/** Refuses more than 4 events with a 413. */
const LIMITED = "/limit?events=4";

let stack: FlowStack;
let user: FlowUser;

beforeAll(async () => {
  stack = await startFlowStack();
  const { apiUrl, consoleUrl, awsEndpointUrl, outputs } = stack.runtime;
  const endpoints = { apiUrl, consoleUrl, awsEndpointUrl, receiverUrl: stack.receiver.url, pid: process.pid };
  writeEndpoints(stack.dir, endpoints, { Trailcast: { ...outputs } });
  user = await createFlowUser({ apiUrl, dir: stack.dir, receiver: stack.receiver });
  await user.register("ws_1");
}, 120_000);
afterAll(async () => stack?.stop());

const eventsIn = ({ body }: ReceivedRequest): { id: string }[] => JSON.parse(body) as { id: string }[];
const chainOf = ({ headers }: ReceivedRequest): string => headers["x-webhook-chain"] ?? "";

/** What is kept by a receiver that keeps only requests that it answers with a 2xx. */
const taken = (): ReceivedRequest[] =>
  stack.receiver.received.filter(
    (request) => request.path.startsWith(LIMITED) && eventsIn(request).length <= 4,
  );

async function takenEvents(count: number): Promise<void> {
  await vi.waitFor(() =>
    expect(
      new Set(
        taken()
          .flatMap(eventsIn)
          .map(({ id }) => id),
      ).size,
    ).toBe(count),
  );
}

describe("verify --chain of a destination with a split, a new URL and a new secret", () => {
  const secrets: string[] = [];
  let destination = "";

  beforeAll(async () => {
    const path = "/v1/workspaces/ws_1/destinations";
    const eventTypes = ["pro.atmos.team_member.*"];
    const wanted = { name: "SIEM", url: stack.receiver.url + LIMITED, eventTypes };
    const { body: created } = await user.api.call("POST", path, wanted);
    const { id, secret } = created as { id: string; secret: string };
    destination = id;
    await user.post("ws_1", 6);
    await takenEvents(6);
    const { headers } = await user.api.call("GET", `${path}/${id}`);
    const change = { url: `${stack.receiver.url}${LIMITED}&v=2` };
    await user.api.call("PATCH", `${path}/${id}`, change, { "if-match": headers.get("etag") ?? "" });
    const { body: rotated } = await user.api.call("POST", `${path}/${id}/rotate-secret`, {});
    secrets.push(secret, (rotated as { secret: string }).secret);
    await user.post("ws_1", 3, { from: 6 });
    await takenEvents(9);
    // The log has the last attempt once its lane has moved on.
    await vi.waitFor(async () => {
      const { body } = await user.api.call("GET", `${path}/${id}/deliveries?outcome=delivered`);
      const { length } = (body as { items: object[] }).items;
      if (length !== taken().length) throw new Error(`the log has ${length} that were taken`);
    });
  }, 60_000);

  async function verify(
    kept: readonly object[],
    ...more: string[]
  ): Promise<{ code: number; stdout: string }> {
    const file = join(stack.dir, "kept.ndjson");
    await writeFile(file, kept.map((request) => JSON.stringify(request)).join("\n"));
    const given = secrets.flatMap((secret) => ["--secret", secret]);
    const args = [LAUNCHER, "verify", "--chain", file, ...given, ...more, "--data", stack.dir];
    try {
      return { code: 0, ...(await promisify(execFile)(process.execPath, args)) };
    } catch (error) {
      return error as { code: number; stdout: string };
    }
  }

  const byLog = (): string[] => ["--workspace", "ws_1", "--destination", destination];
  const numberOf = (request: ReceivedRequest | undefined): number =>
    Number(request === undefined ? 0 : chainOf(request).split(";")[1]);

  it("distinguishes refused deliveries from lost ones only with the log", async () => {
    expect(new Set(taken().map(({ path }) => path)).size).toBe(2);
    expect(await verify(taken())).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/ begins at #\d: whd_\w+, the delivery before it, is missing/),
    });
    const asked = await verify(taken(), ...byLog());
    expect(asked.stdout).toMatch(/· live #1: the receiver refused it as too large \(413\)/);
    expect(asked.stdout).toContain("Nothing is missing from live #2 to");
    expect(asked.code).toBe(0);
    // If the refused request is kept too, nothing is missing and the log is not needed.
    const all = stack.receiver.received.filter(({ path }) => path.startsWith(LIMITED));
    const whole = `Nothing is missing from live #1 to #${numberOf(all.at(-1))}.`;
    expect(await verify(all)).toMatchObject({ code: 0, stdout: expect.stringContaining(whole) });
  });

  it("names deliveries that the receiver accepted but does not have, in the middle and at the end", async () => {
    const [first, ...rest] = stack.receiver.received.filter(({ path }) => path.startsWith(LIMITED));
    const split = await verify([first!, ...rest.slice(1)], ...byLog());
    expect(split.code).toBe(1);
    expect(split.stdout).toMatch(/✗ live #2: accepted by the receiver, but not kept \(whd_\w+\)/);
    const cut = await verify([first!, ...rest.slice(0, -1)], ...byLog());
    expect(cut).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("the receiver accepted 1 delivery after it"),
    });
  });
});
