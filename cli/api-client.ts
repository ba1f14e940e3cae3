import * as z from "zod";

const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  field: z.string().optional(),
  limit: z.string().optional(),
});
export type ProblemAnswer = z.infer<typeof problemSchema>;

/**
 * Thrown when the API answers with a status of 400 or more. `problem` is missing when the body was not a problem
 * document.
 */
export class ApiRefusedError extends Error {
  override name = "ApiRefusedError";
  readonly status: number;
  readonly problem: ProblemAnswer | undefined;
  constructor(request: string, status: number, problem: ProblemAnswer | undefined, text: string) {
    super(`${request}: ${status} ${problem === undefined ? text.slice(0, 200) : describe(problem)}`);
    this.status = status;
    this.problem = problem;
  }
}

function describe(problem: ProblemAnswer): string {
  const where = problem.field === undefined ? "" : ` (${problem.field})`;
  return `${problem.title}${where}. ${problem.detail}`;
}

export interface ApiAnswer {
  status: number;
  headers: Headers;
  /** Parsed JSON, or the text if it is not JSON; `undefined` when there is no body. */
  body: unknown;
}

/** Calls the HTTP API with one bearer token. */
export interface ApiClient {
  /**
   * Sends `body` as JSON.
   *
   * @throws ApiRefusedError when the API answers with a status of 400 or more
   */
  call(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ApiAnswer>;
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Creates a client. `apiUrl` has no trailing slash; `token` has no `Bearer` prefix. */
export function createApiClient(apiUrl: string, token: string): ApiClient {
  return {
    async call(method, path, body, headers = {}) {
      const response = await fetch(apiUrl + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const parsed = parse(text);
      if (response.status >= 400) {
        const problem = problemSchema.safeParse(parsed);
        throw new ApiRefusedError(`${method} ${path}`, response.status, problem.data, text);
      }
      return { status: response.status, headers: response.headers, body: parsed };
    },
  };
}
