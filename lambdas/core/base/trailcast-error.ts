/** An error whose message we wrote ourselves, free of anything from outside: logs may carry it. */
export class TrailcastError extends Error {
  override name = "TrailcastError";
}
