import type * as z from "zod/mini";
import type {
  createdDestinationSchema,
  DestinationAnswer,
  destinationListSchema,
} from "../lambdas/core/api/destination-api.ts";
import type { deliveryListSchema, testResultSchema } from "../lambdas/core/api/delivery-api.ts";
import type { Session } from "./session.ts";

export type { DestinationAnswer } from "../lambdas/core/api/destination-api.ts";
export type CreatedDestination = z.infer<typeof createdDestinationSchema>;
export type DeliveryAnswer = z.infer<typeof deliveryListSchema>["items"][number];
export type TestAnswer = z.infer<typeof testResultSchema>;

/** What the form asks for. */
export interface NewDestination {
  name: string;
  url: string;
  format: string;
  eventTypes: string[];
}

/** Thrown when the API refuses; the message is for the reader. */
export class RefusalError extends Error {
  override name = "RefusalError";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The calls that the page makes. */
export interface Api {
  list(): Promise<DestinationAnswer[]>;
  create(destination: NewDestination): Promise<CreatedDestination>;
  enable(id: string): Promise<void>;
  disable(id: string): Promise<void>;
  test(id: string): Promise<TestAnswer>;
  deliveries(id: string): Promise<DeliveryAnswer[]>;
}

async function refusalOf(response: Response): Promise<RefusalError> {
  const fallback =
    response.status === 401
      ? "The token is not valid, or no longer."
      : `The API answered ${response.status}.`;
  try {
    const problem: { title?: string; detail?: string; field?: string } = await response.json();
    const parts = [problem.title, problem.field && `(${problem.field})`, problem.detail];
    const text = parts.filter((part) => part !== undefined && part !== "").join(" ");
    return new RefusalError(response.status, text === "" ? fallback : text);
  } catch {
    return new RefusalError(response.status, fallback);
  }
}

/** Calls the API that serves this page. */
export function createApi({ token, workspace }: Session): Api {
  const root = `/v1/workspaces/${encodeURIComponent(workspace)}/destinations`;
  const call = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const response = await fetch(root + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw await refusalOf(response);
    return response;
  };
  return {
    async list() {
      const page: z.infer<typeof destinationListSchema> = await (await call("GET", "?limit=100")).json();
      return page.items;
    },
    create: async (destination) => (await call("POST", "", destination)).json(),
    enable: async (id) => void (await call("POST", `/${id}/enable`, { from: "where-it-stopped" })),
    disable: async (id) => void (await call("POST", `/${id}/disable`)),
    test: async (id) => (await call("POST", `/${id}/test`)).json(),
    async deliveries(id) {
      const answer = await call("GET", `/${id}/deliveries?limit=20`);
      const page: z.infer<typeof deliveryListSchema> = await answer.json();
      return page.items;
    },
  };
}
