import Ajv2020, { type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { createMatcher } from "../../lambdas/core/api/match-operation.ts";
import { OPERATIONS, openApiDocument } from "../../lambdas/core/api/openapi.ts";

interface Response {
  headers?: Record<string, unknown>;
  content?: Record<string, { schema: object }>;
}

const document = openApiDocument("test") as {
  paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
  components: { schemas: Record<string, object> };
};

const ajv = new Ajv2020.default({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: "openapi", components: document.components });

const validators = new Map<object, ValidateFunction>();
const match = createMatcher(OPERATIONS);

function validatorOf(schema: object): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as object;
  const made = ajv.compile(absolute);
  validators.set(schema, made);
  return made;
}

/**
 * How a response violates the OpenAPI document; `undefined` when it conforms or the path does not belong to the API.
 */
export function violationsOf(
  method: string,
  path: string,
  answer: { status: number; headers: Readonly<Record<string, string>>; body: unknown },
): string[] {
  const found = match(method, path);
  if ("methods" in found) return [];
  const operation = OPERATIONS[found.operation];
  const described = document.paths[operation?.path ?? ""]?.[method.toLowerCase()];
  const response = described?.responses[String(answer.status)];
  if (response === undefined) return [`${found.operation} does not document ${answer.status}`];
  const missing = Object.keys(response.headers ?? {}).filter(
    (name) => answer.headers[name.toLowerCase()] === undefined,
  );
  const faults = missing
    .filter((name) => name !== "Location" || answer.status === 201)
    .map((name) => `${found.operation} ${answer.status} lacks ${name}`);
  if (response.content === undefined) {
    return answer.body === undefined ? faults : [...faults, `${found.operation} ${answer.status} has a body`];
  }
  const type = (answer.headers["content-type"] ?? "").split(";")[0] ?? "";
  const content = response.content[type];
  if (content === undefined)
    return [...faults, `${found.operation} ${answer.status} does not document ${type}`];
  const validate = validatorOf(content.schema);
  if (validate(answer.body)) return faults;
  return [...faults, `${found.operation} ${answer.status}: ${ajv.errorsText(validate.errors)}`];
}
