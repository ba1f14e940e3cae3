import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Answer, type Management, startManagement } from "../../helpers/management.ts";

const WS = "/v1/workspaces/ws_1";
const URL = "https://siem.example.com/in";
const BEARER = { type: "bearer", token: "hush-token" };
const BASIC = { type: "basic", username: "hush-user", password: "hush-password" };
const HEADER = { type: "header", name: "X-Api-Key", value: "hush-value" };

let manage: Management;
beforeEach(async () => {
  manage = await startManagement();
  await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
});
afterEach(() => manage.close());

const post = (more: object): Promise<Answer> =>
  manage.ask("POST", `${WS}/destinations`, { body: { name: "a", url: URL, ...more } });
const patch = (id: string, body: object): Promise<Answer> =>
  manage.ask("PATCH", `${WS}/destinations/${id}`, { body, headers: { "if-match": "*" } });
const authOf = async (id: string): Promise<unknown> => (await manage.secretOf("ws_1", id)).auth;
const metadataOf = async (action: string): Promise<unknown[]> =>
  (await manage.recorded("ws_1"))
    .filter(({ type }) => type.endsWith(`webhook.${action}`))
    .map(({ data }) => data["metadata"]);

describe("credentials of a destination", () => {
  it.each([BEARER, BASIC, HEADER])("of type $type are kept in Secrets Manager alone", async (auth) => {
    const { status, body } = await post({ auth });
    expect({ status, auth: body.auth }).toEqual({ status: 201, auth: { type: auth.type } });
    expect(await authOf(body.id)).toEqual(auth);
    const row = await manage.dependencies.registry.readDestination("ws_1", body.id);
    expect(row?.authType).toBe(auth.type);
    const list = await manage.ask("GET", `${WS}/destinations`);
    const visible = JSON.stringify([body, row, list.body, await manage.recorded("ws_1")]);
    expect(visible).not.toContain("hush");
    expect(await metadataOf("created")).toMatchObject([{ auth: auth.type }]);
  });

  it("stay if a change does not name them", async () => {
    const { body } = await post({ auth: BEARER });
    expect((await patch(body.id, { name: "b", headers: { "X-Tenant": "one" } })).body.auth).toEqual({
      type: "bearer",
    });
    expect(await authOf(body.id)).toEqual(BEARER);
  });

  it("are replaced as a whole, and the audit event says the new type and no value", async () => {
    const { body } = await post({ auth: BEARER });
    expect((await patch(body.id, { auth: BASIC })).body.auth).toEqual({ type: "basic" });
    expect(await authOf(body.id)).toEqual(BASIC);
    expect(await metadataOf("updated")).toEqual([{ changed: ["auth"], auth: "basic" }]);
    expect(JSON.stringify(await manage.recorded("ws_1"))).not.toContain("hush");
  });

  it.each([{ type: "none" }, null])("are removed by %j", async (auth) => {
    const { body } = await post({ auth: BEARER });
    expect((await patch(body.id, { auth })).body.auth).toEqual({ type: "none" });
    expect(await authOf(body.id)).toEqual({ type: "none" });
    expect(await metadataOf("updated")).toEqual([{ changed: ["auth"], auth: "none" }]);
  });

  it("stay when the signing secret is rotated", async () => {
    const { body } = await post({ auth: BASIC });
    await manage.ask("POST", `${WS}/destinations/${body.id}/rotate-secret`);
    expect(await authOf(body.id)).toEqual(BASIC);
  });

  it("have to be sent again, or removed, when the URL moves to another origin", async () => {
    const url = "https://other.example.com/in";
    const { body } = await post({ auth: BEARER, headers: { "X-Tenant": "hush" } });
    expect(await patch(body.id, { url, headers: null })).toMatchObject({
      status: 409,
      body: { type: "/problems/write-only-values-required", fields: ["auth"] },
    });
    expect(await patch(body.id, { url })).toMatchObject({ body: { fields: ["headers.X-Tenant", "auth"] } });
    expect(await authOf(body.id)).toEqual(BEARER);
    expect((await patch(body.id, { url, auth: HEADER, headers: null })).status).toBe(200);
    expect(await authOf(body.id)).toEqual(HEADER);
    expect((await patch(body.id, { url: URL, auth: null })).status).toBe(200);
  });
});

describe("refused credentials", () => {
  it.each([
    ["another type", { type: "hush" }, "auth.type"],
    ["no object", "hush", "auth"],
    ["no token", { type: "bearer" }, "auth.token"],
    ["an empty token", { type: "bearer", token: "" }, "auth.token"],
    ["a token with a space", { type: "bearer", token: "Bearer hush" }, "auth.token"],
    ["a token with a line break", { type: "bearer", token: "hush\r\nHost: x" }, "auth.token"],
    ["a token over 4,096 characters", { type: "bearer", token: "h".repeat(4097) }, "auth.token"],
    ["a user name with a colon", { ...BASIC, username: "hush:x" }, "auth.username"],
    ["a password with a control character", { ...BASIC, password: "hush\u0000" }, "auth.password"],
    ["a password beyond ASCII", { ...BASIC, password: "hush\u00e9" }, "auth.password"],
    ["a value with a line break", { ...HEADER, value: "hush\nX: y" }, "auth.value"],
    ["a malformed name", { ...HEADER, name: "hush name" }, "auth.name"],
    ["a reserved name", { ...HEADER, name: "authorization" }, "auth.name"],
    ["a reserved name in another spelling", { ...HEADER, name: "X_Forwarded.For" }, "auth.name"],
  ])("with %s name the field, and never the value", async (_, auth, field) => {
    const { status, body } = await post({ auth });
    expect({ status, field: body.field }).toEqual({ status: 400, field });
    expect(JSON.stringify(body)).not.toContain("hush");
  });

  it("with the name of a custom header are refused, whichever of the two is changed", async () => {
    const headers = { "x.api.key": "hush" };
    expect(await post({ auth: HEADER, headers })).toMatchObject({
      status: 400,
      body: { field: "auth.name" },
    });
    const { body } = await post({ headers });
    expect(await patch(body.id, { auth: HEADER })).toMatchObject({
      status: 400,
      body: { field: "auth.name" },
    });
    expect((await patch(body.id, { auth: HEADER, headers: null })).status).toBe(200);
    expect(await patch(body.id, { headers })).toMatchObject({ status: 400, body: { field: "auth.name" } });
    expect(await manage.secretOf("ws_1", body.id)).toMatchObject({ auth: HEADER, headers: {} });
  });

  it("do not replace those that are there", async () => {
    const { body } = await post({ auth: BEARER });
    expect((await patch(body.id, { auth: { type: "basic", username: "x" } })).status).toBe(400);
    expect(await authOf(body.id)).toEqual(BEARER);
  });
});
