import * as z from "zod/mini";
import { deliveryOperations } from "./delivery-operations.ts";
import { destinationOperations } from "./destination-operations.ts";
import { eventOperations } from "./event-operations.ts";
import { documentation } from "../base/field.ts";
import { type Answer, type Operation, PATH_PARAMETERS } from "./operation.ts";
import { gatewayMessageSchema, problemSchema } from "./problem-schema.ts";
import { publicOperations } from "./public-operations.ts";
import { workspaceOperations } from "./workspace-operations.ts";

/** Every operation of the API by its id. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...workspaceOperations,
  ...eventOperations,
  ...destinationOperations,
  ...deliveryOperations,
  ...publicOperations,
};

type Json = Record<string, unknown>;

/** The API in OpenAPI 3.1, generated from the schemas that parse its requests and describe its responses. */
export function openApiDocument(version: string): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "Trailcast",
      version,
      description:
        "Record audit events, manage where they are delivered. Refusals are problems (RFC 9457) that name the field, its limit and what to do.",
    },
    servers: [{ url: "/", description: "This deployment" }],
    tags: ["Workspaces", "Events", "Exports", "Destinations", "Replays", "Deliveries", "Service"].map(
      (name) => ({
        name,
      }),
    ),
    paths: pathsOf(OPERATIONS),
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description:
            "Claim `workspaces`: ids of workspaces, or `*` for an operator. Claim `scope`: what each operation names.",
        },
      },
      schemas: componentSchemas(),
    },
  };
}

function pathsOf(operations: Readonly<Record<string, Operation>>): Json {
  const paths: Record<string, Json> = {};
  for (const [id, operation] of Object.entries(operations)) {
    const path = (paths[operation.path] ??= {});
    path[operation.method.toLowerCase()] = describeOperation(id, operation);
  }
  return paths;
}

function describeOperation(operationId: string, operation: Operation): Json {
  const { tag, summary, description, scope, operator } = operation;
  const parameters = [
    ...pathParameters(operation),
    ...queryParameters(operation),
    ...headerParameters(operation),
  ];
  return {
    operationId,
    tags: [tag],
    summary,
    description: [
      description,
      scope !== undefined && `Scope \`${scope}\`.`,
      operator === true && "Only for operators (`workspaces` is `*`).",
    ]
      .filter((part) => typeof part === "string")
      .join(" "),
    ...(scope !== undefined && { security: [{ bearer: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(operation.body !== undefined && {
      requestBody: {
        required: operation.bodyOptional !== true,
        content: { "application/json": { schema: toJson(operation.body, "input") } },
      },
    }),
    responses: responsesOf(operation),
  };
}

function pathParameters({ path }: Operation): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => {
    const { description, pattern, example } = PATH_PARAMETERS[name] ?? {
      description: name,
      pattern: "",
      example: "",
    };
    return { name, in: "path", required: true, description, schema: { type: "string", pattern }, example };
  });
}

function queryParameters({ query }: Operation): Json[] {
  if (query === undefined) return [];
  return Object.entries(query._zod.def.shape).map(([name, schema]) => {
    const { description, ...rest } = toJson(schema, "output");
    const required = !z.safeParse(schema, undefined).success;
    return { name, in: "query", required, ...(description !== undefined && { description }), schema: rest };
  });
}

function headerParameters({ headers = {} }: Operation): Json[] {
  return Object.entries(headers).map(([name, { description, required, pattern, example }]) => ({
    name,
    in: "header",
    required,
    description,
    schema: { type: "string", ...(pattern !== undefined && { pattern }) },
    example,
  }));
}

function responsesOf(operation: Operation): Json {
  const answers = Object.entries(operation.answers).map(([status, answer]) => [
    status,
    { ...describeAnswer(answer), ...linksOf(answer, operation.path) },
  ]);
  const refusals = Object.entries({ ...commonRefusals(operation), ...operation.refusals }).map(
    ([status, description]) => [status, describeRefusal(status, description)],
  );
  return Object.fromEntries([...answers, ...refusals]);
}

function commonRefusals({ scope, tag }: Operation): Record<number, string> {
  const always = { 429: "Too many requests: wait", 500: "Something went wrong on our side" };
  if (scope === undefined) return always;
  return {
    ...always,
    401: "No token, or one that has expired or is of another issuer",
    403: "The token lacks the scope, or is not for this workspace",
    ...(tag !== "Workspaces" && { 410: "The workspace has ended" }),
  };
}

function describeAnswer({ description, schema, contentTypes = ["application/json"], headers }: Answer): Json {
  const content = schema === undefined ? undefined : toJson(schema, "output");
  return {
    description,
    ...(headers !== undefined && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, about]) => [
          name,
          { description: about, schema: { type: "string" } },
        ]),
      ),
    }),
    ...(content !== undefined && {
      content: Object.fromEntries(contentTypes.map((type) => [type, { schema: content }])),
    }),
  };
}

/** The links from a response to operations that use a part of it, with the parameters of its own path. */
function linksOf({ leadsTo }: Answer, path: string): Json {
  if (leadsTo === undefined) return {};
  const { parameter, at, operations } = leadsTo;
  const own = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => [name, `$request.path.${name}`]);
  const parameters = { ...Object.fromEntries(own), [parameter]: `$response.body#${at}` };
  return {
    links: Object.fromEntries(operations.map((operationId) => [operationId, { operationId, parameters }])),
  };
}

/** The gateway itself returns some statuses, in its own format. */
function describeRefusal(status: string, description: string): Json {
  const gateway = { "application/json": { schema: toJson(gatewayMessageSchema, "output") } };
  const problem = { "application/problem+json": { schema: toJson(problemSchema, "output") } };
  const byGateway = status === "401" ? gateway : { ...problem, ...gateway };
  return { description, content: ["401", "429", "500"].includes(status) ? byGateway : problem };
}

function reference(id: string): string {
  return `#/components/schemas/${id}`;
}

/** A reference to a component, or any other schema in place. */
function toJson(schema: z.core.$ZodType, io: "input" | "output"): Json {
  const id = documentation.get(schema)?.id;
  if (id !== undefined) return { $ref: reference(id) };
  return withoutIds(z.toJSONSchema(schema, { metadata: documentation, io, override: simplify }));
}

/** Leaves out what adds nothing: the regular expression of a format, and the type of property names. */
function simplify({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
  delete jsonSchema.propertyNames;
  if (jsonSchema.examples?.length === 0) delete jsonSchema.examples;
}

function componentSchemas(): Json {
  const requests = new Set(
    Object.values(OPERATIONS).flatMap(({ body }) => {
      const id = body === undefined ? undefined : documentation.get(body)?.id;
      return id === undefined ? [] : [id];
    }),
  );
  const input = allComponents("input");
  const output = allComponents("output");
  const all = Object.keys(output).map((id) => [
    id,
    withoutIds((requests.has(id) ? input : output)[id] ?? {}),
  ]);
  return Object.fromEntries(all);
}

function allComponents(io: "input" | "output"): Record<string, Json> {
  return z.toJSONSchema(documentation, { metadata: documentation, uri: reference, io, override: simplify })
    .schemas;
}

function withoutIds({ $id: _id, $schema: _schema, id: _name, ...schema }: Json): Json {
  return schema;
}
