import type { Delivery } from "./delivery.ts";
import type { DestinationSecrets } from "./destination-secrets.ts";
import type { EventLog } from "./event-log.ts";
import type { FanOut } from "./fan-out.ts";
import { Identity, type TokenIssuer } from "./identity.ts";
import type { ManagementApi } from "./management-api.ts";
import type { Observability } from "./observability.ts";
import type { OwnerBus } from "./owner-bus.ts";
import type { Reading } from "./reading.ts";
import type { Registry } from "./registry.ts";
import type { Retention } from "./retention.ts";
import type { WakeUps } from "./wake-ups.ts";

/** The parts of a deployment whose names are outputs. */
export interface NamedParts {
  readonly eventLog: EventLog;
  readonly registry: Registry;
  readonly wakeUps: WakeUps;
  readonly secrets: DestinationSecrets;
  readonly ownerBus: OwnerBus;
  readonly fanOut: FanOut;
  readonly delivery: Delivery;
  readonly retention: Retention;
  readonly reading: Reading;
  readonly api: ManagementApi;
  readonly tokens: TokenIssuer;
  readonly observability: Observability;
}

/** The outputs of the stack, by which people and the command line find its resources. */
export function namesOf(parts: NamedParts): Record<string, string> {
  return {
    ApiUrl: parts.api.url,
    ConsoleUrl: parts.api.consoleUrl,
    EventsTable: parts.eventLog.events.tableName,
    JournalTable: parts.eventLog.journal.tableName,
    ReceiptsTable: parts.retention.receipts.tableName,
    QuarantineTable: parts.eventLog.quarantine.tableName,
    RegistryTable: parts.registry.table.tableName,
    DeliveriesTable: parts.registry.deliveries.tableName,
    WakeUpQueueUrl: parts.wakeUps.queue.queueUrl,
    WakeUpDeadQueueUrl: parts.wakeUps.dead.queueUrl,
    SlowWakeUpQueueUrl: parts.wakeUps.slowQueue.queueUrl,
    SlowWakeUpDeadQueueUrl: parts.wakeUps.slowDead.queueUrl,
    PurgeQueueUrl: parts.retention.tasks.queueUrl,
    UrgentPurgeQueueUrl: parts.retention.urgent.queueUrl,
    PurgeDeadQueueUrl: parts.retention.dead.queueUrl,
    GivenUpQueueUrl: parts.fanOut.givenUp.queueUrl,
    FanOutFunction: parts.fanOut.fn.functionName,
    RedriveFunction: parts.fanOut.redrive.functionName,
    DeliverFunction: parts.delivery.fn.functionName,
    ExportBucket: parts.reading.bucket.bucketName,
    OwnerBus: parts.ownerBus.bus.eventBusName,
    AlarmTopic: parts.observability.alarms.topic.topicArn,
    SecretPrefix: parts.secrets.prefix,
    ...(parts.tokens instanceof Identity && parts.tokens.names),
    ...Object.fromEntries(
      parts.delivery.egressAddresses.map((address, index) => [`EgressAddress${index + 1}`, address]),
    ),
  };
}
