import type { Destination } from "./destination.ts";
import type { PostedEvent } from "../entry/event-schema.ts";

/** What an owner can do with a destination, as the audit log names it: `{prefix}.webhook.<action>`. */
export type WebhookAction =
  | "created"
  | "updated"
  | "deleted"
  | "enabled"
  | "disabled"
  | "tested"
  | "secret_rotated"
  | "replay_started"
  | "replay_cancelled"
  | "delivery_retried"
  | "delivery_skipped";

export type EntitlementAction = "created" | "changed" | "ended";

export type Actor = PostedEvent["actor"];

/** Who did it, by the subject of the token. */
export function actorOf(subject: string): Actor {
  return { type: "user", id: subject === "" ? "unknown" : subject };
}

/** Trailcast itself. */
export const OWN_ACTOR: Actor = { type: "system", id: "trailcast" };

// Neither the URL, whose path or query may be a credential, nor a header's value goes into the log: only what it is about.
export function webhookEvent(
  action: WebhookAction,
  actor: Actor,
  { destination, name }: Pick<Destination, "destination" | "name">,
  metadata: Readonly<Record<string, unknown>> = {},
): PostedEvent {
  return {
    category: "webhook",
    action,
    actor,
    target: { type: "destination", id: destination, name },
    metadata: { ...metadata },
  };
}

export function entitlementEvent(
  action: EntitlementAction,
  actor: Actor,
  workspace: string,
  metadata: Readonly<Record<string, unknown>>,
): PostedEvent {
  return {
    category: "entitlement",
    action,
    actor,
    target: { type: "workspace", id: workspace },
    metadata: { ...metadata },
  };
}
