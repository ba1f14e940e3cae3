import { CloudEvent } from "cloudevents";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatOf, FORMAT_NAMES } from "../../lambdas/core/formats/known-formats.ts";
import { readEvents } from "../../local/receiver/read-events.ts";
import { postedEvent } from "../helpers/sample-events.ts";
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
  stack = await startFlowStack();
  user = await createFlowUser({ apiUrl: stack.runtime.apiUrl, dir: stack.dir, receiver: stack.receiver });
}, 120_000);
afterAll(async () => stack?.stop());

describe("posted events", () => {
  it("arrive over TLS, verified, once and in order, with the ids of the responses", async () => {
    await user.register("ws_main");
    await user.createDestination("ws_main", "/main");
    const posted: string[] = [];
    for (const count of [1, 3, 100, 40, 1]) {
      posted.push(...(await user.post("ws_main", count, { from: posted.length })));
    }
    const { ids, targets } = await waitForArrivals(stack.receiver, "/main", posted.length);
    await stack.runtime.waitIdle();
    expect(arrivedAt(stack.receiver, "/main").ids).toEqual(posted);
    expect(ids).toEqual(posted);
    expect(targets).toEqual(posted.map((_, index) => `n${index}`));
  });

  it("arrive as the CloudEvents envelope that docs/receivers.md shows", async () => {
    await user.register("ws_envelope");
    await user.createDestination("ws_envelope", "/envelope");
    const event = postedEvent({
      time: "2026-11-23T06:00:00+01:00",
      description: "Größe ✓ \u2028",
      metadata: { "<b>": ["ä", null, 1.5] },
    });
    const { body } = await user.api.call("POST", "/v1/workspaces/ws_envelope/events", { events: [event] });
    const [id] = (body as { events: { id: string }[] }).events;
    await waitForArrivals(stack.receiver, "/envelope", 1);
    const request = stack.receiver.received.findLast(({ path }) => path === "/envelope")!;
    const arrived = (JSON.parse(request.body) as object[]).find((one) => Reflect.get(one, "id") === id?.id);
    expect(arrived).toStrictEqual({
      specversion: "1.0",
      id: id?.id,
      source: expect.stringMatching(/^https:\/\/.*\/workspaces\/ws_envelope$/),
      type: "pro.atmos.team_member.invited",
      time: "2026-11-23T05:00:00.000Z",
      subject: "usr_9",
      datacontenttype: "application/json",
      data: {
        actor: { type: "user", id: "usr_1" },
        action: { category: "team_member", action: "invited" },
        target: { type: "user", id: "usr_9" },
        description: "Größe ✓ \u2028",
        metadata: { "<b>": ["ä", null, 1.5] },
      },
    });
    expect(new CloudEvent(arrived as object).validate()).toBe(true);
    expect(request.headers).toMatchObject({
      "content-type": "application/cloudevents-batch+json; charset=utf-8",
      "x-webhook-id": request.headers["webhook-id"],
      "x-webhook-timestamp": request.headers["webhook-timestamp"],
      "x-webhook-signature": request.headers["webhook-signature"],
      "x-webhook-chain": expect.stringMatching(/^live;\d+;(-|whd_[0-9A-Z]{26});v1,[A-Za-z0-9+/]{43}=$/),
      "user-agent": expect.stringMatching(/^Trailcast\/\d/),
    });
  });

  it("go to all destinations of their own workspace and to no others", async () => {
    await user.register("ws_a");
    await user.register("ws_b");
    for (const path of ["/a-one", "/a-two"]) await user.createDestination("ws_a", path);
    await user.createDestination("ws_b", "/b");
    const [a, b] = [await user.post("ws_a", 5), await user.post("ws_b", 7)];
    await waitForArrivals(stack.receiver, "/a-one", 5);
    await waitForArrivals(stack.receiver, "/a-two", 5);
    await waitForArrivals(stack.receiver, "/b", 7);
    await stack.runtime.waitIdle();
    expect(arrivedAt(stack.receiver, "/a-one").ids).toEqual(a);
    expect(arrivedAt(stack.receiver, "/a-two").ids).toEqual(a);
    expect(arrivedAt(stack.receiver, "/b").ids).toEqual(b);
  });

  it("are recorded once when a request is repeated with its Idempotency-Key", async () => {
    await user.register("ws_twice");
    await user.createDestination("ws_twice", "/twice");
    const first = await user.post("ws_twice", 3, { key: "once" });
    const again = await user.post("ws_twice", 3, { key: "once" });
    const last = await user.post("ws_twice", 1, { from: 3 });
    expect(again).toEqual(first);
    await waitForArrivals(stack.receiver, "/twice", 4);
    await stack.runtime.waitIdle();
    expect(arrivedAt(stack.receiver, "/twice").ids).toEqual([...first, ...last]);
  });

  it("arrive one per request in the structured format, and only those that the filter includes", async () => {
    await user.register("ws_single");
    await user.createDestination("ws_single", "/single", {
      format: "cloudevents-structured",
      eventTypes: ["pro.atmos.team_member.*"],
    });
    await user.api.call("POST", "/v1/workspaces/ws_single/events", {
      events: [postedEvent({ category: "billing", action: "paid" })],
    });
    const ids = await user.post("ws_single", 3);
    await waitForArrivals(stack.receiver, "/single", 3);
    await stack.runtime.waitIdle();
    const requests = stack.receiver.received.filter(({ path }) => path === "/single");
    expect(requests.map(({ body }) => Reflect.get(JSON.parse(body) as object, "id"))).toEqual(ids);
    expect(requests[0]?.headers["content-type"]).toMatch(/^application\/cloudevents\+json/);
    expect(requests.map(({ headers }) => headers["x-webhook-chain"]?.split(";")[1])).toEqual(["1", "2", "3"]);
  });

  it.each(FORMAT_NAMES)("arrive in the format %s, verified, once and in order", async (format) => {
    const workspace = `ws_${format.replaceAll("-", "_")}`;
    await user.register(workspace);
    const id = await user.createDestination(workspace, `/${format}`, { format });
    const ids = await user.post(workspace, 5);
    await waitForArrivals(stack.receiver, `/${format}`, 5);
    const tested = await user.api.call("POST", `/v1/workspaces/${workspace}/destinations/${id}/test`);
    expect(tested.body).toMatchObject({ ok: true, attempt: { statusCode: 200 } });
    await stack.runtime.waitIdle();
    expect(arrivedAt(stack.receiver, `/${format}`).ids).toEqual(ids);
    const requests = stack.receiver.received.filter(({ path }) => path === `/${format}`);
    const { contentType, limits } = formatOf(format);
    expect(new Set(requests.map(({ headers }) => headers["content-type"]))).toEqual(new Set([contentType]));
    expect(Math.max(...requests.map((request) => readEvents(request).length))).toBeLessThanOrEqual(
      limits.events,
    );
  });

  it("need no permission that the template does not grant", () => {
    expect(stack.problems).toEqual([]);
    expect(stack.runtime.denials).toEqual([]);
  });
});
