import type { Destination } from "./destination.ts";
import type { PostedEvent } from "../entry/event-schema.ts";

/** Action of an owner on a destination, in the audit log's event type `{prefix}.webhook.<action>`. */
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

/** Returns the acting user or service, by the subject of the token. */
export function actorOf(subject: string): Actor {
  return { type: "user", id: subject === "" ? "unknown" : subject };
}

/** Actor of events that Trailcast itself causes. */
export const OWN_ACTOR: Actor = { type: "system", id: "trailcast" };

// Builds an audit event about a destination. It contains neither the URL's path and query, which may hold credentials,
// nor write-only values.
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
