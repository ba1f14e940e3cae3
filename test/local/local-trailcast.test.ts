import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createApiClient } from "../../cli/api-client.ts";
import { type LocalTrailcast, startLocalTrailcast } from "../../local/local-trailcast.ts";
import { type PracticeReceiver, startPracticeReceiver } from "../../local/receiver/practice-receiver.ts";
import { type Synthesis, synthesise } from "../../local/synthesise.ts";
import { ALL_SCOPES, createFlowUser, waitForArrivals } from "../helpers/flow-stack.ts";

let synthesis: Synthesis;
let dir: string;
let trailcast: LocalTrailcast | undefined;
let receiver: PracticeReceiver | undefined;

beforeAll(async () => {
  synthesis = await synthesise();
}, 180_000);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "trailcast-local-"));
});

afterEach(async () => {
  await trailcast?.stop();
  await receiver?.stop();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
});

async function start(
  strictEgress: boolean,
): Promise<{ trailcast: LocalTrailcast; receiver: PracticeReceiver }> {
  trailcast = await startLocalTrailcast({ ...synthesis, dir, strictEgress });
  receiver = await startPracticeReceiver({ dir, clock: trailcast.clock.now });
  return { trailcast, receiver };
}

/** What came of creating a destination at each URL. */
async function create(local: LocalTrailcast, ...urls: string[]): Promise<unknown[]> {
  const token = await local.token({ workspaces: "*", scope: ALL_SCOPES });
  const api = createApiClient(local.apiUrl, token);
  await api.call("PUT", "/v1/workspaces/ws_1/entitlement", { plan: "enterprise" });
  const answers: unknown[] = [];
  for (const url of urls) {
    const answer = api.call("POST", "/v1/workspaces/ws_1/destinations", { name: "x", url });
    answers.push(
      await answer.then(
        () => "created",
        (error: { status: number }) => error.status,
      ),
    );
  }
  return answers;
}

describe("a local Trailcast", () => {
  it("delivers to a receiver on localhost, as to one on 127.0.0.1", async () => {
    const { trailcast: local, receiver: target } = await start(false);
    const user = await createFlowUser({
      ...local,
      receiver: { ...target, url: `https://localhost:${target.port}` },
    });
    await user.register("ws_1");
    await user.createDestination("ws_1", "/by-name");
    const ids = await user.post("ws_1", 2);
    expect((await waitForArrivals(target, "/by-name", 2)).ids).toEqual(ids);
    expect(await create(local, `${target.url}/by-address`)).toEqual(["created"]);
  });

  it("refuses both with strict egress, as when deployed", async () => {
    const { trailcast: local, receiver: target } = await start(true);
    expect(await create(local, `${target.url}/a`, `https://localhost:${target.port}/b`)).toEqual([400, 400]);
  });
});
