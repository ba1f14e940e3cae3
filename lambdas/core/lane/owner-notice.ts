import * as z from "zod/mini";
import type { Destination } from "../destination/destination.ts";
import type { Workspace } from "../workspace/entitlement.ts";
import type { EntryReference } from "../entry/entry.ts";
import type { PostedEvent } from "../entry/event-schema.ts";
import { LIVE_LANE } from "../base/table-schema.ts";
import { OWN_ACTOR } from "../destination/management-event.ts";

/** The kinds of notices to the owner of a destination: `{prefix}.webhook.delivery_<…>`. */
export type NoticeKind = "failing" | "recovered" | "suspended" | "resumed";

export interface Notice {
  kind: NoticeKind;
  workspace: Workspace;
  destination: Pick<Destination, "destination" | "name">;
  lane: string;
  /** The fact's own name: the same notice twice is one event. */
  key: string;
  /** RFC 3339. */
  at: string;
  /** A class from a closed list (`HTTP 401`, `dns`, `retries-exhausted`), or nothing. */
  reason?: string | undefined;
  failingSince?: string | undefined;
  /** What would help: the credentials or the format are refused. */
  advice?: string | undefined;
}

/** Tells an owner: an audit event of the workspace, and an event on the stack's bus. */
export interface OwnerNotices {
  tell(notice: Notice): Promise<void>;
}

const OF_A_REPLAY: Readonly<Record<NoticeKind, string>> = {
  failing: "is refused",
  recovered: "is taken again",
  suspended: "is suspended; enabling the destination lets it go on",
  resumed: "goes on",
};

/** Which lane a notice is of, where that is a replay: the destination's live events may be delivered as ever. */
export function describeNotice({ kind, lane }: Pick<Notice, "kind" | "lane">): string | undefined {
  return lane === LIVE_LANE ? undefined : `The replay ${lane} ${OF_A_REPLAY[kind]}`;
}

export function noticeEvent(notice: Notice): PostedEvent {
  const { kind, destination, lane, reason, failingSince, advice, at } = notice;
  const description = describeNotice(notice);
  return {
    time: at,
    category: "webhook",
    action: `delivery_${kind}`,
    actor: OWN_ACTOR,
    target: { type: "destination", id: destination.destination, name: destination.name },
    ...(description !== undefined && { description }),
    metadata: {
      lane,
      ...(reason !== undefined && { reason }),
      ...(failingSince !== undefined && { failingSince }),
      ...(advice !== undefined && { advice }),
    },
  };
}

const NEEDLE = Buffer.from(".webhook.delivery_");
const OWN_FAILURES = new Set(["failing", "recovered", "suspended", "resumed"]);
const ownSchema = z.object({ type: z.string(), subject: z.optional(z.string()) });

/** A name of 100 characters, an id and a few words make less than half of this. */
const MAX_NOTICE_BYTES = 4_096;

/** A notice is the only event of its entry, and small: any other entry need not be read to look for one. */
export function mayBeNotice({ count, bytes }: Pick<EntryReference, "count" | "bytes">): boolean {
  return count === 1 && bytes <= MAX_NOTICE_BYTES;
}

/**
 * A notice about a destination never goes to that destination itself: each of its failures would be one more event to fail with.
 * Other destinations of the workspace get it like any event.
 */
export function isOwnFailure(line: Uint8Array, destination: string, eventTypePrefix: string): boolean {
  // Looked for in the bytes first: parsing every event to find one in millions would cost more than sending it.
  if (!Buffer.from(line.buffer, line.byteOffset, line.byteLength).includes(NEEDLE)) return false;
  const parsed = ownSchema.safeParse(JSON.parse(Buffer.from(line).toString()));
  if (!parsed.success || parsed.data.subject !== destination) return false;
  const start = `${eventTypePrefix}.webhook.delivery_`;
  return parsed.data.type.startsWith(start) && OWN_FAILURES.has(parsed.data.type.slice(start.length));
}
