import type { PostedEvent } from "./event-schema.ts";

/** Settings of a deployment that every envelope carries. */
export interface EnvelopeSettings {
  /** First part of every event type, `pro.atmos` by default. */
  eventTypePrefix: string;
  /** Where the product lives, without a slash at its end: `https://app.example.com`. */
  sourceBaseUrl: string;
}

export interface EnvelopeFacts {
  id: string;
  workspace: string;
  /** Stands in for the event's own time when it has none. */
  recordedAt: string;
}

export function eventType(prefix: string, event: Pick<PostedEvent, "category" | "action">): string {
  return `${prefix}.${event.category}.${event.action}`;
}

/**
 * An event as CloudEvents 1.0 JSON: what is stored, and byte for byte what every receiver verifies.
 * Times come out in UTC with milliseconds, so that text order is time order.
 */
export function buildEnvelope(event: PostedEvent, facts: EnvelopeFacts, settings: EnvelopeSettings): string {
  const { category, action, actor, target, description, metadata, context } = event;
  return JSON.stringify({
    specversion: "1.0",
    id: facts.id,
    source: `${settings.sourceBaseUrl}/workspaces/${facts.workspace}`,
    type: eventType(settings.eventTypePrefix, event),
    time: event.time === undefined ? facts.recordedAt : new Date(event.time).toISOString(),
    subject: target?.id,
    datacontenttype: "application/json",
    data: {
      actor,
      action: { category, action },
      target: target ?? null,
      description: description ?? null,
      metadata: metadata ?? {},
      context,
    },
  });
}
