/**
 * A token bucket: `burst` requests at once, `ratePerSecond` on average. Returns whether another request may pass now.
 */
export function createThrottle(
  limits: { ratePerSecond: number; burst: number },
  now: () => number,
): () => boolean {
  let tokens = limits.burst;
  let last = now();
  return () => {
    const at = now();
    tokens = Math.min(limits.burst, tokens + ((at - last) * limits.ratePerSecond) / 1000);
    last = at;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
