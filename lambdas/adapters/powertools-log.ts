import { Logger } from "@aws-lambda-powertools/logger";
import type { Log } from "../core/log.ts";
import { TrailcastError } from "../core/trailcast-error.ts";

const MAX_FRAMES = 12;

/** Where it was thrown. A message may span lines, and one of those may look like a frame, so it is cut off first. */
function framesOf({ message, stack = "" }: Error): string[] {
  const at = stack.indexOf(message);
  const trail = at === -1 ? "" : stack.slice(at + message.length);
  return trail
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "))
    .slice(0, MAX_FRAMES);
}

/** Class, stack frames, and the message only where we wrote it: other messages may quote payloads or addresses. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { class: typeof error };
  return {
    class: error.name,
    frames: framesOf(error),
    ...(error instanceof TrailcastError && { message: error.message }),
    ...(error.cause instanceof Error && { cause: describeError(error.cause) }),
  };
}

/** One JSON line a fact to the function's log. `service` is the function's name in the design, `ingest` for one. */
export function createPowertoolsLog(service: string): Log {
  const logger = new Logger({ serviceName: service, logLevel: "INFO" });
  return {
    info: (message, fields = {}) => logger.info(message, { ...fields }),
    warn: (message, fields = {}) => logger.warn(message, { ...fields }),
    error: (message, fields = {}, error) =>
      logger.error(message, error === undefined ? { ...fields } : { ...fields, fault: describeError(error) }),
  };
}
