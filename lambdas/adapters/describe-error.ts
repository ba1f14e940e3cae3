import { TrailcastError } from "../core/base/trailcast-error.ts";

const MAX_FRAMES = 12;

/**
 * The stack frames of an error. Its message may have several lines, one of which may look like a frame, so the message
 * is removed first.
 */
function framesOf({ message, stack = "" }: Error): string[] {
  const at = stack.indexOf(message);
  const trail = at === -1 ? "" : stack.slice(at + message.length);
  return trail
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "))
    .slice(0, MAX_FRAMES);
}

/**
 * Class and stack frames of an error, and its message if Trailcast wrote it. Other messages may quote payloads or
 * addresses.
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { class: typeof error };
  return {
    class: error.name,
    frames: framesOf(error),
    ...(error instanceof TrailcastError && { message: error.message }),
    ...(error.cause instanceof Error && { cause: describeError(error.cause) }),
  };
}

const WITHHELD = "its message may quote what was processed";

/**
 * A copy of the error for Lambda's own log, which prints message, stack and cause of everything that a function throws.
 */
export function withoutForeignText(error: unknown): Error {
  const fit = new Error(error instanceof TrailcastError ? error.message : WITHHELD);
  if (!(error instanceof Error)) return fit;
  fit.name = error.name;
  fit.stack = [`${fit.name}: ${fit.message}`, ...framesOf(error).map((frame) => `    ${frame}`)].join("\n");
  return fit;
}
