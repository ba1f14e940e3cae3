/** Metric namespace and names, shared by the functions that emit them and the alarms that watch them. */
export const METRIC_NAMESPACE = "Trailcast";

export const METRIC = {
  eventsRecorded: "EventsRecorded",
  recordsQuarantined: "RecordsQuarantined",
  recordsInQuarantine: "RecordsInQuarantine",
  pagesWritten: "PagesWritten",
  attempts: "DeliveryAttempts",
  refusals: "DeliveryRefusals",
  suspensions: "LanesSuspended",
  lagMilliseconds: "DeliveryLag",
  oldestUndeliveredSeconds: "OldestUndeliveredAge",
  purgedEntries: "PurgedEntries",
  purgeFailures: "PurgeFailures",
} as const;
