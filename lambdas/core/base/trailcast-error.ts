/** Base class of errors whose messages contain no input from outside, so that logs may carry them. */
export class TrailcastError extends Error {
  override name = "TrailcastError";
}
