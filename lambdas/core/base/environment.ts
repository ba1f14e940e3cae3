/** The environment variables of the functions: constructs set them and handlers read them by these names. */
export const ENV = {
  eventsTable: "TRAILCAST_EVENTS_TABLE",
  journalTable: "TRAILCAST_JOURNAL_TABLE",
  registryTable: "TRAILCAST_REGISTRY_TABLE",
  deliveriesTable: "TRAILCAST_DELIVERIES_TABLE",
  receiptsTable: "TRAILCAST_RECEIPTS_TABLE",
  quarantineTable: "TRAILCAST_QUARANTINE_TABLE",
  wakeUpQueueUrl: "TRAILCAST_WAKE_UP_QUEUE_URL",
  slowWakeUpQueueUrl: "TRAILCAST_SLOW_WAKE_UP_QUEUE_URL",
  purgeQueueUrl: "TRAILCAST_PURGE_QUEUE_URL",
  secretPrefix: "TRAILCAST_SECRET_PREFIX",
  deliverFunction: "TRAILCAST_DELIVER_FUNCTION",
  exportFunction: "TRAILCAST_EXPORT_FUNCTION",
  exportBucket: "TRAILCAST_EXPORT_BUCKET",
  ownerBus: "TRAILCAST_OWNER_BUS",
  eventTypePrefix: "TRAILCAST_EVENT_TYPE_PREFIX",
  sourceBaseUrl: "TRAILCAST_SOURCE_BASE_URL",
  /** JSON: `Plans` of `core/workspace/entitlement.ts`. */
  plans: "TRAILCAST_PLANS",
  upgradeUrl: "TRAILCAST_UPGRADE_URL",
  scopePrefix: "TRAILCAST_SCOPE_PREFIX",
  /** JSON: `RetrySettings` of `core/delivery/retry-schedule.ts`. */
  retry: "TRAILCAST_RETRY",
  /**
   * JSON: number of shards of the Events partition key by workspace, for very busy workspaces only: `{ "ws_giant": 4
   * }`.
   */
  shards: "TRAILCAST_SHARDS",
  /** JSON: `RetentionSettings` (grace periods in days) of `core/workspace/retention.ts`. */
  retention: "TRAILCAST_RETENTION",
  deliveryLogDays: "TRAILCAST_DELIVERY_LOG_DAYS",
  version: "TRAILCAST_VERSION",
} as const;
