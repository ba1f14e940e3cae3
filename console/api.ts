import type * as z from "zod/mini";
import type { rotatedSecretSchema } from "../lambdas/core/api/destination-actions-api.ts";
import type {
  createdDestinationSchema,
  DestinationAnswer,
  destinationListSchema,
} from "../lambdas/core/api/destination-api.ts";
import type { deliveryListSchema, testResultSchema } from "../lambdas/core/api/delivery-api.ts";
import type { ReplayAnswer, replayCountSchema, replayListSchema } from "../lambdas/core/api/replay-api.ts";
import type { HeaderChange } from "./header-rows.ts";
import type { Session } from "./session.ts";

export type { DestinationAnswer } from "../lambdas/core/api/destination-api.ts";
export type { ReplayAnswer } from "../lambdas/core/api/replay-api.ts";
export type CreatedDestination = z.infer<typeof createdDestinationSchema>;
export type RotatedSecret = z.infer<typeof rotatedSecretSchema>;
export type DeliveryPage = z.infer<typeof deliveryListSchema>;
export type DeliveryAnswer = DeliveryPage["items"][number];
export type TestAnswer = z.infer<typeof testResultSchema>;
export type ReplayCount = z.infer<typeof replayCountSchema>;

/** What the form asks for. */
export interface NewDestination {
  name: string;
  url: string;
  format: string;
  eventTypes: string[];
  /** Those that differ from what is there. */
  headers?: HeaderChange;
}

/** Which recorded events to deliver again; RFC 3339. */
export interface ReplayTimes {
  from: string;
  to: string;
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
  /** A destination, and the version that a change of it has to name. */
  read(id: string): Promise<{ destination: DestinationAnswer; etag: string }>;
  change(id: string, etag: string, change: NewDestination): Promise<void>;
  remove(id: string): Promise<void>;
  enable(id: string): Promise<void>;
  disable(id: string): Promise<void>;
  test(id: string): Promise<TestAnswer>;
  rotateSecret(id: string): Promise<RotatedSecret>;
  /** Newest first; `cursor` is of the answer before. */
  deliveries(id: string, cursor?: string): Promise<DeliveryPage>;
  retry(id: string, delivery: string): Promise<void>;
  skip(id: string, delivery: string): Promise<void>;
  replays(id: string): Promise<ReplayAnswer[]>;
  countReplay(id: string, times: ReplayTimes): Promise<ReplayCount>;
  startReplay(id: string, times: ReplayTimes): Promise<void>;
  cancelReplay(id: string, replay: string): Promise<void>;
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

type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Response>;

function createCall({ token, workspace }: Session): Call {
  const root = `/v1/workspaces/${encodeURIComponent(workspace)}/destinations`;
  return async (method, path, body, headers = {}) => {
    const response = await fetch(root + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw await refusalOf(response);
    return response;
  };
}

/** Calls the API that serves this page. */
export function createApi(session: Session): Api {
  const call = createCall(session);
  return {
    async list() {
      const page: z.infer<typeof destinationListSchema> = await (await call("GET", "?limit=100")).json();
      return page.items;
    },
    create: async (destination) => (await call("POST", "", destination)).json(),
    async read(id) {
      const answer = await call("GET", `/${id}`);
      return { destination: await answer.json(), etag: answer.headers.get("etag") ?? "" };
    },
    change: async (id, etag, change) => void (await call("PATCH", `/${id}`, change, { "if-match": etag })),
    remove: async (id) => void (await call("DELETE", `/${id}`)),
    enable: async (id) => void (await call("POST", `/${id}/enable`, { from: "where-it-stopped" })),
    disable: async (id) => void (await call("POST", `/${id}/disable`)),
    test: async (id) => (await call("POST", `/${id}/test`)).json(),
    rotateSecret: async (id) => (await call("POST", `/${id}/rotate-secret`)).json(),
    async deliveries(id, cursor) {
      const after = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      return (await call("GET", `/${id}/deliveries?limit=20${after}`)).json();
    },
    retry: async (id, delivery) => void (await call("POST", `/${id}/deliveries/${delivery}/retry`)),
    skip: async (id, delivery) => void (await call("POST", `/${id}/deliveries/${delivery}/skip`)),
    async replays(id) {
      const page: z.infer<typeof replayListSchema> = await (await call("GET", `/${id}/replays`)).json();
      return page.items;
    },
    countReplay: async (id, times) =>
      (await call("POST", `/${id}/replays`, { ...times, dryRun: true })).json(),
    startReplay: async (id, times) => void (await call("POST", `/${id}/replays`, times)),
    cancelReplay: async (id, replay) => void (await call("DELETE", `/${id}/replays/${replay}`)),
  };
}
