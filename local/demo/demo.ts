import { ApiRefusedError, type ApiClient, createApiClient } from "../../cli/api-client.ts";
import { createdDestinationSchema } from "../../lambdas/core/api/destination-api.ts";
import * as z from "zod";
import type { Arrivals } from "./arrivals.ts";
import { demoEvents } from "./sample-events.ts";
import { readDemoState, writeDemoState } from "./state.ts";
import type { PracticeReceiver } from "../receiver/practice-receiver.ts";
import type { LocalTrailcast } from "../local-trailcast.ts";

export const DEMO_WORKSPACE = "ws_demo";
/** Path of the demo's destination at the practice receiver. */
export const DEMO_PATH = "/siem";

const PATH = `/v1/workspaces/${DEMO_WORKSPACE}`;
const OPERATOR_SCOPE = "entitlements:write";
const OWNER_SCOPE = "events:write events:read destinations:read destinations:write";

/** Number of events in each POST of the demo: single events and bursts. */
const POSTS = [1, 4, 15, 1, 30, 2, 25, 1, 60, 8, 100, 3] as const;
const PAUSE_MS = 120;

const recordedSchema = z.object({ events: z.array(z.object({ id: z.string() })) });

export interface Demo {
  /** Id of the destination; `undefined` when the stack refuses a receiver on loopback. */
  destination: string | undefined;
  /** Why there is no destination. */
  refusal: string | undefined;
  owner: ApiClient;
}

/** Registers the demo's workspace with a destination at the practice receiver. A second start uses the same ones. */
export async function prepareDemo(runtime: LocalTrailcast, receiver: PracticeReceiver): Promise<Demo> {
  const operator = createApiClient(
    runtime.apiUrl,
    await runtime.token({ workspaces: "*", scope: OPERATOR_SCOPE, subject: "demo-operator" }),
  );
  await operator.call("PUT", `${PATH}/entitlement`, { plan: "enterprise" });
  const owner = createApiClient(
    runtime.apiUrl,
    await runtime.token({ workspaces: [DEMO_WORKSPACE], scope: OWNER_SCOPE, subject: "demo" }),
  );
  try {
    return { destination: await ensureDestination(runtime, receiver, owner), refusal: undefined, owner };
  } catch (error) {
    // With --strict-egress the guard refuses loopback addresses, as it does when deployed.
    if (!(error instanceof ApiRefusedError) || error.status >= 500) throw error;
    return { destination: undefined, refusal: error.problem?.detail ?? error.message, owner };
  }
}

async function ensureDestination(
  runtime: LocalTrailcast,
  receiver: PracticeReceiver,
  owner: ApiClient,
): Promise<string> {
  const known = readDemoState(runtime.dir);
  const url = receiver.url + DEMO_PATH;
  if (known?.destination !== undefined && known.secret !== undefined) {
    receiver.setSecret(DEMO_PATH, known.secret);
    if (await pointAt(owner, known.destination, url)) return known.destination;
  }
  const answer = await owner.call("POST", `${PATH}/destinations`, { name: "Practice receiver", url });
  const { id, secret } = createdDestinationSchema.parse(answer.body);
  receiver.setSecret(DEMO_PATH, secret);
  writeDemoState(runtime.dir, { receiverPort: receiver.port, destination: id, secret });
  return id;
}

/** Returns true if the destination still exists. Updates its URL if the receiver had to take another port. */
async function pointAt(owner: ApiClient, destination: string, url: string): Promise<boolean> {
  const path = `${PATH}/destinations/${destination}`;
  try {
    const { body, headers } = await owner.call("GET", path);
    if (z.object({ url: z.string() }).parse(body).url !== url) {
      await owner.call("PATCH", path, { url }, { "if-match": headers.get("etag") ?? "*" });
    }
    return true;
  } catch (error) {
    if (error instanceof ApiRefusedError && error.status === 404) return false;
    throw error;
  }
}

/** Posts the demo's events in order. */
export async function postDemoEvents(demo: Demo, arrivals: Arrivals, run: string): Promise<void> {
  let next = 0;
  for (const [index, count] of POSTS.entries()) {
    const at = performance.now();
    const answer = await demo.owner.call(
      "POST",
      `${PATH}/events`,
      { events: demoEvents(next, count) },
      { "idempotency-key": `demo-${run}-${index}` },
    );
    arrivals.posted(
      recordedSchema.parse(answer.body).events.map(({ id }) => id),
      at,
    );
    next += count;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
