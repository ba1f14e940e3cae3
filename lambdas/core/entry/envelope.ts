import type { PostedEvent } from "./event-schema.ts";

/** Settings of the deployment that go into every envelope. */
export interface EnvelopeSettings {
  /** First part of every event type, `pro.atmos` by default. */
  eventTypePrefix: string;
  /** Base URL of the product, without a trailing slash: `https://app.example.com`. */
  sourceBaseUrl: string;
}

export interface EnvelopeFacts {
  id: string;
  workspace: string;
  /** Used as the event's time if the event has none of its own. */
  recordedAt: string;
}

export function eventType(prefix: string, event: Pick<PostedEvent, "category" | "action">): string {
  return `${prefix}.${event.category}.${event.action}`;
}

/**
 * An event as CloudEvents 1.0 JSON. These bytes are stored, and every receiver verifies exactly these bytes. Times are
 * written in UTC with milliseconds, so that comparing texts compares times.
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
