import * as z from "zod";
import { benchEvent } from "../bench-events.ts";
import { pause } from "../stack/bench-stack.ts";
import type { HappenedFault } from "./fault-log.ts";
import type { Ledger } from "./ledger.ts";
import type { DestinationPlan, FaultPlan } from "./plan.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** What emitters post, and how they reach the stack, whose address changes with each start. */
export interface Emitting {
  plan: FaultPlan;
  ledger: Ledger;
  happened(fault: HappenedFault): void;
  token: string;
  apiUrl(): Promise<string>;
  /** Ends the emitters when it aborts. */
  signal: AbortSignal;
}

const POSTS_AT_ONCE = 8;
const MOST_EVENTS_A_POST = 100;
/** Every n-th event of a workspace is of a type that its filter excludes. */
const EVERY_UNWANTED = 7;
const ANSWER_MS = 20_000;
const RETRY_MS = 150;

const answerSchema = z.object({
  duplicate: z.boolean(),
  events: z.array(z.object({ id: z.string() })),
});

interface Emitter {
  destination: DestinationPlan;
  posts: number;
  /** Number of events that were posted. */
  done: number;
  total: number;
}

/**
 * Posts all events: sequentially for one workspace, concurrently for several. Each POST is retried until it is answered
 * 202.
 */
export async function emitAll(emitting: Emitting): Promise<void> {
  const { plan, signal } = emitting;
  const waiting = plan.destinations.map((destination, index): Emitter => {
    const share = Math.floor(plan.events / plan.workspaces) + (index < plan.events % plan.workspaces ? 1 : 0);
    return { destination, posts: 0, done: 0, total: share };
  });
  const work = async (): Promise<void> => {
    for (let emitter = waiting.shift(); emitter !== undefined; emitter = waiting.shift()) {
      if (signal.aborted) return;
      if (emitter.done >= emitter.total) continue;
      await emitOnce(emitter, emitting);
      waiting.push(emitter);
    }
  };
  await Promise.all(Array.from({ length: POSTS_AT_ONCE }, work));
}

async function emitOnce(emitter: Emitter, emitting: Emitting): Promise<void> {
  const { chance } = emitting.plan;
  const { workspace, isFiltered } = emitter.destination;
  const { posts, done, total } = emitter;
  const count = Math.min(total - done, chance.whole(1, MOST_EVENTS_A_POST, "post", workspace, posts));
  const isUnwanted = (index: number): boolean => index % EVERY_UNWANTED === 5;
  const events = Array.from({ length: count }, (_, offset) => {
    const event = benchEvent(workspace, done + offset);
    return isUnwanted(done + offset) ? { ...event, category: "noise" } : event;
  });
  const at = Date.now();
  const request = { workspace, key: `${workspace}-${posts}`, body: JSON.stringify({ events }) };
  const ids = await postUntilAccepted(request, emitting);
  if (ids === undefined) return;
  // Some emitters miss the response and post the same events again.
  if (chance.at("post", workspace, posts, "again") < 0.03) {
    emitting.happened({ group: "posts", kind: "repeated", where: request.key });
    const again = await postUntilAccepted(request, emitting);
    if (again !== undefined && again.join() !== ids.join()) {
      const fault = `POST ${request.key}: the same request was answered other ids`;
      emitting.ledger.workspaces.get(workspace)?.faults.push(fault);
    }
  }
  const accepted = ids.map((id, offset) => ({
    id,
    at,
    isWanted: !isFiltered || !isUnwanted(done + offset),
  }));
  emitting.ledger.posted(workspace, accepted);
  emitter.posts += 1;
  emitter.done += count;
}

interface Post {
  workspace: string;
  key: string;
  body: string;
}

/** Resolves with `undefined` when the run was ended. */
async function postUntilAccepted(post: Post, emitting: Emitting): Promise<string[] | undefined> {
  while (!emitting.signal.aborted) {
    const ids = await tryPost(post, emitting).catch(() => undefined);
    if (ids !== undefined) return ids;
    await pause(RETRY_MS);
  }
  return undefined;
}

/**
 * Returns `undefined` when the POST must be retried; a refusal is recorded as a fault as well. Throws when the
 * connection was cut.
 */
async function tryPost(
  { workspace, key, body }: Post,
  { apiUrl, token, ledger, signal }: Emitting,
): Promise<string[] | undefined> {
  const response = await fetch(`${await unlessAborted(apiUrl(), signal)}/v1/workspaces/${workspace}/events`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body,
    signal: AbortSignal.any([AbortSignal.timeout(ANSWER_MS), signal]),
  });
  const text = await response.text();
  if (response.status === 202) return answerSchema.parse(JSON.parse(text)).events.map(({ id }) => id);
  if (response.status >= 400 && response.status < 500 && response.status !== 429) {
    ledger.workspaces.get(workspace)?.faults.push(`POST ${key} was answered ${response.status} ${text}`);
    await pause(1000);
  }
  return undefined;
}
