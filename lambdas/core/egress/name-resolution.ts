import { isIP } from "node:net";
import { isPublicAddress } from "./egress-address.ts";

/** What the name servers said; `not-found` for a name that does not exist or has no address. */
export type Resolution =
  | { kind: "addresses"; addresses: readonly string[] }
  | { kind: "not-found" }
  | { kind: "timeout" }
  | { kind: "failed" };

/** Asks name servers for all A and AAAA records of a name. Never throws for what they answer. */
export interface NameResolver {
  resolve(name: string): Promise<Resolution>;
}

export type ResolutionVerdict =
  | { kind: "dial"; addresses: readonly string[] }
  | { kind: "refused" }
  | { kind: "timeout" }
  | { kind: "failed" };

/**
 * Whether a name may be connected to: one answer that is not public refuses all of them. The addresses to dial come IPv4 first, since a
 * function outside a dual-stack network has no IPv6 to the internet, then in the order of the answer.
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
