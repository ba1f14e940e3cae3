/**
 * The fields of a log line. The list is closed: payloads, secrets, header values and URL queries have no field here.
 */
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
  /** One of a closed list (`dns`, `timeout`, `HTTP 500` …), never text from outside. */
  errorClass?: string;
  rule?: string;
  receipt?: string;
  trace?: string;
  sequenceNumber?: string;
  route?: string;
}

/** Structured logging. Messages are facts in the past tense with dots: `delivery.attempted`. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /**
   * Logs an error by its class and stack frames. Its message is logged only for error classes of Trailcast, whose texts
   * carry no input.
   */
  error(message: string, fields?: LogFields, error?: unknown): void;
}

/** A log whose every line also has the fields of `context`. */
export function withFields(log: Log, context: LogFields): Log {
  return {
    info: (message, fields) => log.info(message, { ...context, ...fields }),
    warn: (message, fields) => log.warn(message, { ...context, ...fields }),
    error: (message, fields, error) => log.error(message, { ...context, ...fields }, error),
  };
}

/** CloudWatch metrics for alarms and dashboards; the names are in `metric-names.ts`. */
export interface Metrics {
  count(name: string, value?: number): void;
  milliseconds(name: string, value: number): void;
}
