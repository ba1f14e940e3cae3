import { createHash } from "node:crypto";

const EVENT_BYTES = 1000;

/** Event `index` of a workspace: about 1 kB as it is delivered, of text that compresses like real metadata. */
export function benchEvent(workspace: string, index: number): object {
  const event = {
    category: "bench",
    action: "ran",
    actor: { type: "user", id: `usr_${index % 50}`, name: "Ada Okafor" },
    target: { type: "item", id: `${workspace}-${index}` },
    metadata: { digest: createHash("sha256").update(`${workspace}${index}`).digest("hex"), note: "" },
  };
  // The envelope adds about 330 bytes to what is posted.
  const rest = EVENT_BYTES - 330 - JSON.stringify(event).length;
  event.metadata.note = "configuration applied to environment production; "
    .repeat(20)
    .slice(0, Math.max(0, rest));
  return event;
}

export function benchEvents(workspace: string, from: number, count: number): object[] {
  return Array.from({ length: count }, (_, offset) => benchEvent(workspace, from + offset));
}
