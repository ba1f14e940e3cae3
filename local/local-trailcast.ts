import { type Runtime, type RuntimeOptions, startRuntime } from "@trailcast/local-stack";
import { issueToken, type TokenRequest } from "./token.ts";

export interface LocalTrailcastOptions extends Omit<RuntimeOptions, "workerData"> {
  /** With it the egress guard refuses loopback as it does when deployed. */
  strictEgress?: boolean;
}

/** Trailcast's stack at work on this machine. */
export interface LocalTrailcast extends Omit<Runtime, "token"> {
  consoleUrl: string;
  token(request: TokenRequest): Promise<string>;
}

/**
 * Starts the synthesised stack of Trailcast, whose functions learn from `workerData` what they may do on this machine
 * (see `lambdas/adapters/local-allowance.ts`).
 * @throws what `startRuntime` throws
 */
export async function startLocalTrailcast(options: LocalTrailcastOptions): Promise<LocalTrailcast> {
  const { strictEgress = false, ...rest } = options;
  const runtime = await startRuntime({
    ...rest,
    workerData: ({ ca, clock }) => ({ trailcast: { loopback: !strictEgress, ca, clock } }),
  });
  return {
    ...runtime,
    consoleUrl: `${runtime.apiUrl}/console/`,
    token: (request) => issueToken(runtime.dir, request),
  };
}
