import type { DeliveryTester } from "../adapters/deliver-invoker.ts";
import type { DeliveryLogReader } from "../adapters/delivery-log.ts";
import type { Allowance } from "../adapters/local-allowance.ts";
import type { PurgeTasks } from "../adapters/purge-tasks.ts";
import type { RegistryReader } from "../adapters/registry-reader.ts";
import type { Clock } from "../core/base/clock.ts";
import type { DeliveryLog } from "../core/delivery/delivery-record.ts";
import type { Plans } from "../core/workspace/entitlement.ts";
import type { Log } from "../core/base/log.ts";
import type { OwnEntrySettings } from "../core/entry/own-entry.ts";
import type { RandomBytes } from "../core/base/random.ts";
import type { RegistryWriter } from "../core/destination/registry-write.ts";
import type { RetentionSettings } from "../core/workspace/retention.ts";
import type { SecretStore } from "../core/destination/secret-store.ts";
import type { WakeUpQueue } from "../core/lane/lane-store.ts";
import type { JournalStore } from "../core/journal/journal-store.ts";
import type { EntryStore } from "../core/entry/entry-store.ts";

export interface ManageSettings extends OwnEntrySettings {
  plans: Plans;
  retention: RetentionSettings;
  /** Where the user can buy a plan with forwarding. */
  upgradeUrl: string | undefined;
  /** Name prefix of the secrets, ending in a slash. */
  secretPrefix: string;
  /** Days for which the log keeps a delivery. */
  deliveryLogDays: number;
  /** Prefix that is removed from the scopes of a token. */
  scopePrefix: string;
}

/** Stores, queues and settings of the management API. */
export interface ManageDependencies {
  registry: RegistryReader & RegistryWriter;
  secrets: SecretStore;
  journal: JournalStore;
  entries: Pick<EntryStore, "readEntries">;
  wakeUps: WakeUpQueue;
  purgeTasks: PurgeTasks;
  deliveries: DeliveryLogReader;
  deliveryLog: DeliveryLog;
  tester: DeliveryTester;
  /** Addresses that the egress guard allows besides public ones. */
  allowance: Allowance;
  settings: ManageSettings;
  clock: Clock;
  random: RandomBytes;
  log: Log;
}
