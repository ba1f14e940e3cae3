import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DestinationChange } from "../../../lambdas/core/api/destination-api.ts";
import { namesOf } from "../../../lambdas/core/base/map-each.ts";
import {
  type DestinationField,
  rowFields,
  secretFields,
} from "../../../lambdas/core/destination/destination-fields.ts";
import { type Answer, type Management, startManagement } from "../../helpers/management.ts";

const WS = "/v1/workspaces/ws_1";

/** Two values of each field that differ from each other and from the default, and what is read back. */
const VALUES: {
  [Name in DestinationField]: Record<"first" | "second", { sent: DestinationChange[Name]; shown: unknown }>;
} = {
  name: { first: { sent: "One", shown: "One" }, second: { sent: "Two", shown: "Two" } },
  url: {
    first: { sent: "https://one.example.com/in", shown: "https://one.example.com/in" },
    second: { sent: "https://one.example.com/out", shown: "https://one.example.com/out" },
  },
  format: {
    first: { sent: "cloudevents-batch", shown: "cloudevents-batch" },
    second: { sent: "cloudevents-structured", shown: "cloudevents-structured" },
  },
  eventTypes: {
    first: { sent: ["pro.atmos.a.*"], shown: ["pro.atmos.a.*"] },
    second: { sent: ["pro.atmos.b.*", "pro.atmos.c.*"], shown: ["pro.atmos.b.*", "pro.atmos.c.*"] },
  },
  headers: {
    first: { sent: { "X-A": "hush-1" }, shown: { "X-A": "[redacted]" } },
    second: {
      sent: { "X-B": "hush-2" },
      shown: { "X-A": "[redacted]", "X-B": "[redacted]" },
    },
  },
  auth: {
    first: { sent: { type: "bearer", token: "hush-3" }, shown: { type: "bearer" } },
    second: { sent: { type: "basic", username: "hush-4", password: "hush-5" }, shown: { type: "basic" } },
  },
};
const FIELDS: readonly DestinationField[] = [...namesOf(rowFields), ...namesOf(secretFields)];
const first = Object.fromEntries(FIELDS.map((name) => [name, VALUES[name].first.sent]));

const shown = (which: "first" | "second") =>
  Object.fromEntries(FIELDS.map((name) => [name, VALUES[name][which].shown]));

let manage: Management;
let path: string;
let id: string;
let created: Answer;

beforeEach(async () => {
  manage = await startManagement();
  await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
  created = await manage.ask("POST", `${WS}/destinations`, { body: first });
  id = created.body.id;
  path = `${WS}/destinations/${id}`;
});
afterEach(() => manage.close());

const patch = (body: unknown, version: number): Promise<Answer> =>
  manage.ask("PATCH", path, { body, headers: { "if-match": `"${version}"` } });
const row = () => manage.dependencies.registry.readDestination("ws_1", id);
const lane = () => manage.dependencies.registry.readLane("ws_1", id, "live");
const changesInLog = async (): Promise<unknown[]> =>
  (await manage.recorded("ws_1"))
    .filter(({ type }) => type.endsWith("webhook.updated"))
    .map(({ data }) => data["metadata"]);
/** What the audit event holds besides the names of the fields: the kind of the credentials. */
const auditedOf = (name: DestinationField, which: "first" | "second"): object =>
  name === "auth" ? { auth: Reflect.get(Object(VALUES.auth[which].shown), "type") } : {};
const ruleOf = (name: DestinationField) => ({ ...rowFields, ...secretFields })[name];

describe.each(FIELDS)("the field %s", (name) => {
  const { second, first: former } = VALUES[name];

  it("is shown as it was created", async () => {
    expect(created.body[name]).toEqual(former.shown);
    expect((await manage.ask("GET", path)).body[name]).toEqual(former.shown);
  });

  it("is changed by a PATCH: version, ETag, audit event and every response show it", async () => {
    const { status, headers, body } = await patch({ [name]: second.sent }, 1);
    expect(status).toBe(200);
    expect(headers["etag"]).toBe('"2"');
    expect(body[name]).toEqual(second.shown);
    const read = await manage.ask("GET", path);
    expect(read.headers["etag"]).toBe('"2"');
    expect(read.body[name]).toEqual(second.shown);
    expect((await manage.ask("GET", `${WS}/destinations`)).body.items[0][name]).toEqual(second.shown);
    expect((await row())?.version).toBe(2);
    expect(await changesInLog()).toEqual([{ changed: [name], ...auditedOf(name, "second") }]);
  });

  it("leaves every other field as it was", async () => {
    const { body } = await patch({ [name]: second.sent }, 1);
    expect(body).toMatchObject({ ...shown("first"), [name]: second.shown });
  });

  it("supersedes a batch that was built before, if the table says so", async () => {
    const supersedes = ruleOf(name).onChange === "supersede";
    await patch({ [name]: second.sent }, 1);
    expect((await row())?.contentVersion).toBe(supersedes ? 2 : 1);
    expect((await lane())?.version).toBe(supersedes ? 2 : 1);
  });

  it("is reset to its default by null, or is required", async () => {
    await patch({ [name]: second.sent }, 1);
    const { status, body } = await patch({ [name]: null }, 2);
    const { fallback } = ruleOf(name);
    expect({ status, value: body[name] }).toEqual({
      status: fallback === undefined ? 400 : 200,
      value: fallback,
    });
  });
});

it.each(namesOf(rowFields))("a PATCH that sends the present %s writes nothing", async (name) => {
  const { status, headers } = await patch({ [name]: VALUES[name].first.sent }, 1);
  expect(status).toBe(200);
  expect(headers["etag"]).toBe('"1"');
  expect((await row())?.version).toBe(1);
  expect(await changesInLog()).toEqual([]);
});

it.each(namesOf(secretFields))(
  "a PATCH that sends the present %s does not show whether the value is the same",
  async (name) => {
    const { headers, body } = await patch({ [name]: VALUES[name].first.sent }, 1);
    expect(headers["etag"]).toBe('"2"');
    expect(body[name]).toEqual(VALUES[name].first.shown);
    expect(await changesInLog()).toEqual([{ changed: [name], ...auditedOf(name, "first") }]);
  },
);

it("a PATCH of all fields at once changes them in one version", async () => {
  const { body } = await patch(Object.fromEntries(FIELDS.map((name) => [name, VALUES[name].second.sent])), 1);
  expect(body).toMatchObject(shown("second"));
  expect((await row())?.version).toBe(2);
  expect(await changesInLog()).toEqual([{ changed: FIELDS, auth: "basic" }]);
  expect(JSON.stringify(await manage.recorded("ws_1"))).not.toContain("hush");
});
