import type { Clock } from "../base/clock.ts";
import type { DeliveryLog } from "../delivery/delivery-record.ts";
import type { Plans } from "../workspace/entitlement.ts";
import type { Log, Metrics } from "../base/log.ts";
import type { OwnerNotices } from "./owner-notice.ts";
import type { RandomBytes } from "../base/random.ts";
import type { RetrySettings } from "../delivery/retry-schedule.ts";
import type { Sender } from "../delivery/send.ts";
import type { DestinationReader, SecretReader } from "../destination/destination-store.ts";
import type { LaneStore, WakeUpQueue } from "./lane-store.ts";
import type { WorkspaceReader } from "../workspace/workspace-store.ts";
import type { JournalStore } from "../journal/journal-store.ts";
import type { EntryStore } from "../entry/entry-store.ts";

export interface DeliverSettings {
  plans: Plans;
  retry: RetrySettings;
  eventTypePrefix: string;
  /** Days that a delivery stays in the log. */
  logDays: number;
  /** Of the deployment, for `User-Agent`. */
  version: string;
}

/** All that delivering touches. */
export interface LanePorts {
  lanes: Pick<LaneStore, "readLane" | "replaceLane">;
  destinations: DestinationReader;
  workspaces: WorkspaceReader;
  journal: Pick<JournalStore, "readPagesFrom">;
  entries: Pick<EntryStore, "readEntries">;
  deliveries: DeliveryLog;
  secrets: SecretReader;
  sender: Sender;
  wakeUps: WakeUpQueue;
  notices: OwnerNotices;
  clock: Clock;
  random: RandomBytes;
  log: Log;
  metrics: Metrics;
  settings: DeliverSettings;
}
