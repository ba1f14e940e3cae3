/** What a log line may carry. The list is closed: payloads, secrets, header values and URL queries have no name here. */
export interface LogFields {
  workspace?: string;
  destination?: string;
  lane?: string;
  delivery?: string;
  number?: number;
  attempt?: number;
  entry?: string;
  page?: number;
  count?: number;
  bytes?: number;
  statusCode?: number;
  durationMs?: number;
  delaySeconds?: number;
  outcome?: string;
  /** A class from a closed list (`dns`, `timeout`, `HTTP 500` …), never a message from outside. */
  errorClass?: string;
  rule?: string;
  receipt?: string;
  trace?: string;
  sequenceNumber?: string;
  route?: string;
}

/** Messages are past-tense dotted facts: `delivery.attempted`. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** `error` is logged by class and stack frames; its message only when the class is one of ours. */
  error(message: string, fields?: LogFields, error?: unknown): void;
}

/** Counts that alarms and dashboards read; the names are in `metric-names.ts`. */
export interface Metrics {
  count(name: string, value?: number): void;
  milliseconds(name: string, value: number): void;
}
