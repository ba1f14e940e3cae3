import { isIP } from "node:net";
import { isPublicAddress } from "./egress-address.ts";

/** The answer of the name servers; `not-found` for a name that does not exist or has no address. */
export type Resolution =
  | { kind: "addresses"; addresses: readonly string[] }
  | { kind: "not-found" }
  | { kind: "timeout" }
  | { kind: "failed" };

/** Asks name servers for all A and AAAA records of a name. Never throws, whatever they answer. */
export interface NameResolver {
  resolve(name: string): Promise<Resolution>;
}

export type ResolutionVerdict =
  | { kind: "dial"; addresses: readonly string[] }
  | { kind: "refused" }
  | { kind: "timeout" }
  | { kind: "failed" };

/**
 * Whether a name may be connected to: a single address that is not public makes the whole answer refused. The addresses
 * to dial are ordered IPv4 first, because a function outside of a dual-stack network has no IPv6 route to the internet,
 * and then as in the answer.
 */
export function judgeResolution(resolution: Resolution): ResolutionVerdict {
  if (resolution.kind === "not-found") return { kind: "refused" };
  if (resolution.kind !== "addresses") return resolution;
  const { addresses } = resolution;
  if (addresses.length === 0 || !addresses.every((address) => isPublicAddress(address)))
    return { kind: "refused" };
  return {
    kind: "dial",
    addresses: [4, 6].flatMap((family) => addresses.filter((one) => isIP(one) === family)),
  };
}
