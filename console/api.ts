import type * as z from "zod/mini";
import type { rotatedSecretSchema } from "../lambdas/core/api/destination-actions-api.ts";
import type {
  createdDestinationSchema,
  DestinationAnswer,
  destinationListSchema,
} from "../lambdas/core/api/destination-api.ts";
import type { deliveryListSchema, testResultSchema } from "../lambdas/core/api/delivery-api.ts";
import type { ReplayAnswer, replayCountSchema, replayListSchema } from "../lambdas/core/api/replay-api.ts";
import { noAnswer, RefusalError, refusalOf } from "./refusal.ts";
import type { Session } from "./session.ts";

export type { DestinationAnswer } from "../lambdas/core/api/destination-api.ts";
export type { ReplayAnswer } from "../lambdas/core/api/replay-api.ts";
export type CreatedDestination = z.infer<typeof createdDestinationSchema>;
export type RotatedSecret = z.infer<typeof rotatedSecretSchema>;
export type DeliveryPage = z.infer<typeof deliveryListSchema>;
export type DeliveryAnswer = DeliveryPage["items"][number];
export type TestAnswer = z.infer<typeof testResultSchema>;
export type ReplayCount = z.infer<typeof replayCountSchema>;

/** Fields of a destination as a form sends them, by name. A field that is `undefined` is not sent. */
export type SentFields = Readonly<Record<string, unknown>>;

/** Time range (RFC 3339) of the recorded events to deliver again. */
export interface ReplayTimes {
  from: string;
  to: string;
}

/** API calls that the page makes. */
export interface Api {
  list(): Promise<DestinationAnswer[]>;
  create(destination: SentFields): Promise<CreatedDestination>;
  /** Reads a destination and the ETag that a change of it has to send. */
  read(id: string): Promise<{ destination: DestinationAnswer; etag: string }>;
  change(id: string, etag: string, change: SentFields): Promise<DestinationAnswer>;
  remove(id: string): Promise<void>;
  enable(id: string): Promise<DestinationAnswer>;
  disable(id: string): Promise<DestinationAnswer>;
  test(id: string): Promise<TestAnswer>;
  rotateSecret(id: string): Promise<RotatedSecret>;
  /** Newest first; `cursor` comes from the previous page. */
  deliveries(id: string, cursor?: string): Promise<DeliveryPage>;
  retry(id: string, delivery: string): Promise<void>;
  skip(id: string, delivery: string): Promise<void>;
  replays(id: string): Promise<ReplayAnswer[]>;
  countReplay(id: string, times: ReplayTimes): Promise<ReplayCount>;
  startReplay(id: string, times: ReplayTimes): Promise<void>;
  cancelReplay(id: string, replay: string): Promise<void>;
}

type Call = <Body>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<{ body: Body; etag: string }>;

async function exchange(
  path: string,
  request: RequestInit & { method: string },
): Promise<[Response, string]> {
  try {
    const response = await fetch(path, request);
    if (!response.ok) throw await refusalOf(response);
    return [response, await response.text()];
  } catch (error) {
    throw error instanceof RefusalError ? error : noAnswer(request.method);
  }
}

/** The session is read at every call, because its token may have been replaced. */
function createCall(session: Session): Call {
  const root = `/v1/workspaces/${encodeURIComponent(session.workspace)}/destinations`;
  return async <Body>(
    method: string,
    path: string,
    sent?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const [response, text] = await exchange(root + path, {
      method,
      headers: {
        authorization: `Bearer ${session.token}`,
        ...(sent !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(sent !== undefined && { body: JSON.stringify(sent) }),
    });
    const body: Body = JSON.parse(text === "" ? "null" : text);
    return { body, etag: response.headers.get("etag") ?? "" };
  };
}

/** Creates a client for the API that serves this page. */
export function createApi(session: Session): Api {
  const call = createCall(session);
  const read = async <Body>(path: string): Promise<Body> => (await call<Body>("GET", path)).body;
  const post = async <Body>(path: string, sent?: unknown): Promise<Body> =>
    (await call<Body>("POST", path, sent)).body;
  return {
    list: async () => (await read<z.infer<typeof destinationListSchema>>("?limit=100")).items,
    create: (destination) => post("", destination),
    async read(id) {
      const { body, etag } = await call<DestinationAnswer>("GET", `/${id}`);
      return { destination: body, etag };
    },
    change: async (id, etag, change) =>
      (await call<DestinationAnswer>("PATCH", `/${id}`, change, { "if-match": etag })).body,
    remove: async (id) => void (await call("DELETE", `/${id}`)),
    enable: (id) => post(`/${id}/enable`, { from: "where-it-stopped" }),
    disable: (id) => post(`/${id}/disable`),
    test: (id) => post(`/${id}/test`),
    rotateSecret: (id) => post(`/${id}/rotate-secret`),
    deliveries(id, cursor) {
      const after = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      return read(`/${id}/deliveries?limit=20${after}`);
    },
    retry: async (id, delivery) => void (await post(`/${id}/deliveries/${delivery}/retry`)),
    skip: async (id, delivery) => void (await post(`/${id}/deliveries/${delivery}/skip`)),
    replays: async (id) => (await read<z.infer<typeof replayListSchema>>(`/${id}/replays`)).items,
    countReplay: (id, times) => post(`/${id}/replays`, { ...times, dryRun: true }),
    startReplay: async (id, times) => void (await post(`/${id}/replays`, times)),
    cancelReplay: async (id, replay) => void (await call("DELETE", `/${id}/replays/${replay}`)),
  };
}
