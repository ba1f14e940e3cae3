import { TrailcastError } from "../core/base/trailcast-error.ts";

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

const WITHHELD = "its message may quote what was processed";

/** The same error, fit for Lambda's own log, which quotes message, stack and cause of whatever a function throws. */
export function withoutForeignText(error: unknown): Error {
  const fit = new Error(error instanceof TrailcastError ? error.message : WITHHELD);
  if (!(error instanceof Error)) return fit;
  fit.name = error.name;
  fit.stack = [`${fit.name}: ${fit.message}`, ...framesOf(error).map((frame) => `    ${frame}`)].join("\n");
  return fit;
}
