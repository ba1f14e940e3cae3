import { type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { OwnerEvents } from "../core/destination/owner-event.ts";
import { describeNotice, noticeEvent, type OwnerNotices } from "../core/lane/owner-notice.ts";
import { recordOwnEvent, type Recorder } from "../core/entry/record-entry.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";

/** Thrown when EventBridge refused a notice to an owner. */
export class NoticeNotSentError extends TrailcastError {
  override name = "NoticeNotSentError";
}

/** The `source` of our events on the bus, which rules match. */
const SOURCE = "trailcast";

/** Puts events on the stack's bus, such as `Destination failing` from source `trailcast`. */
export function createOwnerEvents(busName: string, client: EventBridgeClient): OwnerEvents {
  return {
    async put({ detailType, detail }) {
      const { FailedEntryCount = 0 } = await client.send(
        new PutEventsCommand({
          Entries: [
            {
              EventBusName: busName,
              Source: SOURCE,
              DetailType: detailType,
              Detail: JSON.stringify(detail),
            },
          ],
        }),
      );
      if (FailedEntryCount > 0) throw new NoticeNotSentError("An owner's event was refused by the bus");
    },
  };
}

/** Records notices as audit events of the workspace, each once, and puts them on the stack's bus. */
export function createOwnerNotices(
  busName: string,
  recorder: Recorder,
  client: EventBridgeClient,
): OwnerNotices {
  const events = createOwnerEvents(busName, client);
  return {
    async tell(notice) {
      const { workspace, key, kind, lane, at, reason, failingSince, advice, destination } = notice;
      await recordOwnEvent({ workspace, event: noticeEvent(notice), idempotencyKey: key }, recorder);
      const detail = {
        workspace: workspace.workspace,
        destination: destination.destination,
        name: destination.name,
        lane,
        description: describeNotice(notice),
        at,
        reason,
        failingSince,
        advice,
      };
      await events.put({ detailType: `Destination ${kind}`, detail });
    },
  };
}
