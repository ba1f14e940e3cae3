/** Metric namespace and names, once for the functions that emit and the alarms that watch. */
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
