import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  arrivedAt,
  createFlowUser,
  type FlowStack,
  type FlowUser,
  startFlowStack,
  waitForArrivals,
} from "../helpers/flow-stack.ts";

let stack: FlowStack;
let user: FlowUser;

beforeAll(async () => {
  // On this clock, waits of 5 s and 30 s take a fraction of a second.
  stack = await startFlowStack({ timeScale: 60 });
  user = await createFlowUser({ apiUrl: stack.runtime.apiUrl, dir: stack.dir, receiver: stack.receiver });
}, 120_000);
afterAll(async () => stack?.stop());

const MINE = { eventTypes: ["pro.atmos.team_member.*"] };

function requestsAt(path: string): { id: string; chain: string; body: string }[] {
  return stack.receiver.received
    .filter((request) => request.path === path)
    .map(({ headers, body }) => ({
      id: headers["webhook-id"] ?? "",
      chain: headers["x-webhook-chain"] ?? "",
      body,
    }));
}

interface Health {
  health: { status: string; lastDelivery: { statusCode: number | null } | null; behindEvents: number };
}

async function healthOf(workspace: string, destination: string): Promise<Health["health"]> {
  const { body } = await user.api.call("GET", `/v1/workspaces/${workspace}/destinations/${destination}`);
  return (body as Health).health;
}

describe("a receiver that refuses", () => {
  it("gets the same delivery again, and later events only afterwards", async () => {
    await user.register("ws_flaky");
    const path = "/flaky?failures=2&status=503";
    await user.createDestination("ws_flaky", path, MINE);
    const first = await user.post("ws_flaky", 3);
    const second = await user.post("ws_flaky", 2, { from: 3 });
    // A refused request has arrived too, so the test waits for the third attempt of each delivery.
    await vi.waitFor(
      () => {
        expect(new Set(arrivedAt(stack.receiver, path).ids).size).toBe(5);
        const ids = requestsAt(path).map(({ id }) => id);
        expect(ids).toHaveLength(3 * new Set(ids).size);
      },
      { timeout: 25_000 },
    );
    await stack.runtime.waitIdle();
    const requests = requestsAt(path);
    const order = requests.map(({ id }) => id);
    expect(order).toEqual(order.toSorted());
    for (const id of new Set(order)) {
      const attempts = requests.filter((request) => request.id === id);
      expect(attempts).toHaveLength(3);
      expect(new Set(attempts.map(({ body }) => body)).size).toBe(1);
      expect(new Set(attempts.map(({ chain }) => chain)).size).toBe(1);
    }
    expect([...new Set(arrivedAt(stack.receiver, path).ids)]).toEqual([...first, ...second]);
  });

  it("is suspended when it answers 410, until its owner enables it where it stopped", async () => {
    await user.register("ws_gone");
    const destination = await user.createDestination("ws_gone", "/gone", MINE);
    const ids = await user.post("ws_gone", 2);
    await vi.waitFor(
      async () => expect(await healthOf("ws_gone", destination)).toMatchObject({ status: "suspended" }),
      { timeout: 15_000 },
    );
    expect(requestsAt("/gone")).toHaveLength(1);
    const path = "/back";
    const base = `/v1/workspaces/ws_gone/destinations/${destination}`;
    const { headers } = await user.api.call("GET", base);
    const etag = headers.get("etag") ?? "";
    await user.api.call("PATCH", base, { url: stack.receiver.url + path }, { "if-match": etag });
    stack.receiver.setSecret(path, (await rotate(base)).secret);
    await user.api.call("POST", `${base}/enable`, { from: "where-it-stopped" });
    expect((await waitForArrivals(stack.receiver, path, 2)).ids).toEqual(ids);
    const [delivered] = requestsAt(path);
    expect(delivered?.id).toBe(requestsAt("/gone")[0]?.id);
  });

  it("is not followed when it redirects", async () => {
    await user.register("ws_redirect");
    const destination = await user.createDestination("ws_redirect", "/redirect", MINE);
    await user.post("ws_redirect", 1);
    await vi.waitFor(async () => {
      const health = await healthOf("ws_redirect", destination);
      expect(health).toMatchObject({ status: "failing", lastDelivery: { statusCode: 302 }, behindEvents: 1 });
    });
  });

  it("gets the halves under the next numbers when it answers 413", async () => {
    await user.register("ws_limit");
    const path = "/limit?events=3";
    await user.createDestination("ws_limit", path, MINE);
    const ids = await user.post("ws_limit", 8);
    await waitForArrivals(stack.receiver, path, 8);
    await stack.runtime.waitIdle();
    const taken = stack.receiver.received.filter(
      (request) => request.path === path && (JSON.parse(request.body) as unknown[]).length <= 3,
    );
    const arrived = taken.flatMap(({ body }) => (JSON.parse(body) as { id: string }[]).map(({ id }) => id));
    expect(arrived).toEqual(ids);
    const numbers = requestsAt(path).map(({ chain }) => Number(chain.split(";")[1]));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});

async function rotate(base: string): Promise<{ secret: string }> {
  const { body } = await user.api.call("POST", `${base}/rotate-secret`);
  return body as { secret: string };
}
