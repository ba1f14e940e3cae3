import { describe, expect, it } from "vitest";
import { documentation } from "../../../../lambdas/core/base/field.ts";
import { createMatcher } from "../../../../lambdas/core/api/match-operation.ts";
import { OPERATIONS, openApiDocument } from "../../../../lambdas/core/api/openapi.ts";
import { API_ROUTES } from "../../../../lib/api-routes.ts";
import { violationsOf } from "../../../helpers/openapi-conformance.ts";

interface Described {
  operationId: string;
  security?: unknown;
  parameters?: { name: string; in: string; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<
    string,
    { description: string; content?: Record<string, { schema: object }>; links?: Record<string, Link> }
  >;
}
interface Link {
  operationId: string;
  parameters: Record<string, string>;
}
const document = openApiDocument("1.2.3") as {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, { examples?: unknown[] }> };
};
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe("the OpenAPI document", () => {
  it("has OpenAPI version 3.1 and names the version of the deployment", () => {
    expect(document).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
  });

  it("describes exactly the routes of the stack", () => {
    const routes = Object.values(API_ROUTES)
      .flat()
      .filter((route) => !route.includes("/console"));
    expect(described.map(({ path, method }) => `${method.toUpperCase()} ${path}`).toSorted()).toEqual(
      routes.toSorted(),
    );
  });

  it("contains the target of every reference", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to = ""]) => to);
    expect(references.length).toBeGreaterThan(50);
    const known = new Set(Object.keys(document.components.schemas).map((id) => `#/components/schemas/${id}`));
    expect(references.filter((reference) => !known.has(reference))).toEqual([]);
  });

  it("links responses to operations that exist, with parameters that these operations have", () => {
    const links = described.flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap(({ links: found = {} }) => Object.values(found)),
    );
    expect(links.length).toBeGreaterThan(10);
    for (const { operationId, parameters } of links) {
      const target = described.find(({ operation }) => operation.operationId === operationId);
      const named = [...(target?.path ?? "").matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(Object.keys(parameters)).toEqual(named);
    }
  });

  it("names each path parameter", () => {
    for (const { path, operation } of described) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(parameters.map(({ name }) => name)).toEqual(named);
    }
  });

  it("documents the responses that every route with a token can return", () => {
    for (const { operation } of described.filter(({ operation: { security } }) => security !== undefined)) {
      const hasBody = operation.requestBody !== undefined;
      const hasQuery = operation.parameters?.some((parameter) => parameter.in === "query") === true;
      const needed = ["401", "403", "404", "429", "500"];
      needed.push(...(hasBody ? ["400", "413"] : []), ...(hasQuery ? ["400"] : []));
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(needed));
    }
  });

  it("gives each component an example that matches its schema", () => {
    const schemas = [...OPERATION_SCHEMAS];
    expect(schemas.length).toBeGreaterThan(20);
    for (const schema of schemas) {
      const { id = "", examples = [] } = documentation.get(schema) ?? {};
      expect({ id, examples: examples.length }).not.toEqual({ id, examples: 0 });
      for (const example of examples) {
        expect({ id, accepted: schema._zod.run({ value: example, issues: [] }, {}) }).toMatchObject({
          id,
          accepted: { issues: [] },
        });
      }
    }
  });

  it("contains no schema without constraints", () => {
    const empty = described.flatMap(({ operation }) =>
      (operation.parameters ?? [])
        .filter(({ schema }) => Object.keys(schema).length === 0)
        .map(({ name }) => `${operation.operationId} ${name}`),
    );
    expect(empty).toEqual([]);
  });

  it("is enforced by the check that other tests apply to responses", () => {
    const answer = { status: 200, headers: { "content-type": "application/json" }, body: {} as unknown };
    const path = "/v1/workspaces/ws_1/entitlement";
    expect(violationsOf("GET", path, answer)[0]).toContain("must have required property 'workspace'");
    expect(violationsOf("GET", path, { ...answer, status: 418 })).toEqual([
      "getEntitlement does not document 418",
    ]);
    expect(violationsOf("GET", "/v1/health", { ...answer, body: { status: "ok", version: "1" } })).toEqual(
      [],
    );
    const extra = { status: "ok", version: "1", more: true };
    expect(violationsOf("GET", "/v1/health", { ...answer, body: extra })[0]).toContain(
      "additional properties",
    );
  });
});

const OPERATION_SCHEMAS = new Set(
  Object.values(OPERATIONS).flatMap(({ body, answers }) => [
    ...(body === undefined ? [] : [body]),
    ...Object.values(answers).flatMap(({ schema }) =>
      schema === undefined || documentation.get(schema)?.id === undefined ? [] : [schema],
    ),
  ]),
);

describe("finding an operation", () => {
  const match = createMatcher(OPERATIONS);

  it("returns the decoded path parameters", () => {
    expect(match("GET", "/v1/workspaces/ws%5F1/destinations/dst_1")).toEqual({
      operation: "getDestination",
      parameters: { ws: "ws_1", dst: "dst_1" },
    });
    expect(match("GET", "/v1/workspaces/%/destinations")).toMatchObject({ parameters: { ws: "%" } });
  });

  it("distinguishes a path that has only other methods from an unknown path", () => {
    expect(match("PUT", "/v1/workspaces/ws_1/destinations")).toEqual({ methods: ["GET", "POST"] });
    expect(match("GET", "/v1/workspaces/ws_1/destinations/")).toMatchObject({ parameters: { dst: "" } });
    expect(match("GET", "/v1/workspaces")).toEqual({ methods: [] });
  });
});
