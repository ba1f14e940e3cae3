import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Answer, type Management, startManagement } from "../../helpers/management.ts";

const WS = "/v1/workspaces/ws_1";
const OLD = "https://siem.example.com/in?token=hush-old";
const NEW = "https://other.example.com:8443/in?token=hush-new";

let manage: Management;
beforeEach(async () => {
  manage = await startManagement();
  await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
});
afterEach(() => manage.close());

async function create(more: object = { headers: { "X-Key": "hush-one", "X-Tenant": "hush-two" } }) {
  const { body } = await manage.ask("POST", `${WS}/destinations`, { body: { name: "a", url: OLD, ...more } });
  const id: string = body.id;
  return {
    patch: (change: unknown, match = "*"): Promise<Answer> =>
      manage.ask("PATCH", `${WS}/destinations/${id}`, { body: change, headers: { "if-match": match } }),
    row: () => manage.dependencies.registry.readDestination("ws_1", id),
    secret: () => manage.secretOf("ws_1", id),
  };
}
const updates = async (): Promise<unknown[]> =>
  (await manage.recorded("ws_1"))
    .filter(({ type }) => type.endsWith("webhook.updated"))
    .map(({ data }) => data["metadata"]);

describe("a change of the URL to another origin", () => {
  it.each([
    ["host", NEW],
    ["port", "https://siem.example.com:8443/in"],
    ["subdomain", "https://a.siem.example.com/in"],
  ])("by its %s is refused while values of headers stay", async (_, url) => {
    const { patch, row, secret } = await create();
    const before = [await row(), await secret()];
    const { status, body } = await patch({ url });
    expect({ status, body }).toMatchObject({
      status: 409,
      body: {
        type: "/problems/write-only-values-required",
        field: "url",
        fields: ["headers.X-Key", "headers.X-Tenant"],
        detail: expect.stringContaining("headers.X-Key, headers.X-Tenant"),
      },
    });
    expect(JSON.stringify(body)).not.toContain("hush");
    expect([await row(), await secret()]).toEqual(before);
    expect(await updates()).toEqual([]);
  });

  it.each([
    ["only one value is sent", { "x-key": "known" }, ["headers.X-Tenant"]],
    [
      "a value is left as it is by the placeholder",
      { "X-Key": "[redacted]", "X-Tenant": null },
      ["headers.X-Key"],
    ],
    ["another header is added", { "X-New": "known" }, ["headers.X-Key", "headers.X-Tenant"]],
  ])("is refused if %s", async (_, headers, fields) => {
    const { patch, row } = await create();
    expect(await patch({ url: NEW, headers })).toMatchObject({ status: 409, body: { fields } });
    expect((await row())?.version).toBe(1);
  });

  it.each<[string, Record<string, string | null> | null, Record<string, string>]>([
    ["sends every value", { "x-key": "1", "X-Tenant": "2" }, { "x-key": "1", "X-Tenant": "2" }],
    ["removes what it does not send", { "X-Key": "1", "X-Tenant": null }, { "X-Key": "1" }],
    ["removes all", null, {}],
  ])("is made if it %s", async (_, headers, expected) => {
    const { patch, row, secret } = await create();
    expect((await patch({ url: NEW, headers })).status).toBe(200);
    expect((await row())?.url).toBe(NEW);
    expect((await secret()).headers).toEqual(expected);
  });

  it("needs nothing of a destination without write-only values", async () => {
    const { patch } = await create({});
    expect((await patch({ url: NEW })).status).toBe(200);
  });

  it("is an audit event with the hosts before and after, without path and query", async () => {
    const { patch } = await create({});
    await patch({ url: NEW });
    expect(await updates()).toEqual([
      { changed: ["url"], host: { from: "siem.example.com", to: "other.example.com:8443" } },
    ]);
    expect(JSON.stringify(await manage.recorded("ws_1"))).not.toContain("hush");
  });
});

it("a change of path and query, or of the host's case, needs nothing and names no host", async () => {
  const { patch, secret } = await create();
  expect((await patch({ url: "https://SIEM.example.com:443/v2?token=hush-else" })).status).toBe(200);
  expect((await secret()).headers).toEqual({ "X-Key": "hush-one", "X-Tenant": "hush-two" });
  expect(await updates()).toEqual([{ changed: ["url"] }]);
});

describe("of two changes at the same time", () => {
  it("one that stores a value for the old origin does not take it to the new one", async () => {
    const { patch, row, secret } = await create({});
    let moved: Promise<Answer> | undefined;
    manage.steps.before = (step) => {
      if (step === "changeSecret") moved ??= patch({ url: NEW });
    };
    const stored = await patch({ headers: { "X-Key": "for the old origin" } });
    const statuses = [stored.status, (await moved)?.status];
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    const isMoved = (await row())?.url === NEW;
    expect((await secret()).headers).toEqual(isMoved ? {} : { "X-Key": "for the old origin" });
  });

  it("one that moves the URL does not take a value that was stored after it had looked", async () => {
    const { patch, row, secret } = await create({});
    const commit = manage.dependencies.registry.commit;
    let stored: Answer | undefined;
    let isFirst = true;
    Object.assign(manage.dependencies.registry, {
      commit: async (writes: Parameters<typeof commit>[0]) => {
        if (isFirst) {
          isFirst = false;
          stored = await patch({ headers: { "X-Key": "for the old origin" } });
        }
        return commit(writes);
      },
    });
    expect((await patch({ url: NEW })).status).toBe(412);
    expect(stored?.status).toBe(200);
    expect((await row())?.url).toBe(OLD);
    expect((await secret()).headers).toEqual({ "X-Key": "for the old origin" });
  });
});
