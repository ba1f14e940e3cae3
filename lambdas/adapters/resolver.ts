import { promises as dns } from "node:dns";
import type { NameResolver, Resolution } from "../core/egress/name-resolution.ts";

const TRY_MS = 1000;
const TRIES = 2;
/** In all, whatever the name servers do: the total of a delivery is 10 s. */
const TOTAL_MS = 3000;

export interface ResolverOptions {
  /** `address:port` of name servers; those of the system when left out. */
  servers?: readonly string[];
  /** Milliseconds after which it is a time-out. */
  totalMs?: number;
}

/**
 * Resolves by c-ares rather than `dns.lookup`, whose four threads eight hanging names keep busy: a good one then took 16 s, here 1 ms.
 * It reads no hosts file and tries no search domain.
 */
export function createNameResolver({ servers, totalMs = TOTAL_MS }: ResolverOptions = {}): NameResolver {
  return {
    async resolve(name) {
      // One for each name: to cancel ends all lookups of a resolver, and a frozen function's sockets are left behind.
      const resolver = new dns.Resolver({ timeout: TRY_MS, tries: TRIES });
      if (servers !== undefined) resolver.setServers(servers);
      const timer = setTimeout(() => resolver.cancel(), totalMs);
      try {
        return combine(
          await Promise.all([lookUp(() => resolver.resolve4(name)), lookUp(() => resolver.resolve6(name))]),
        );
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function lookUp(query: () => Promise<string[]>): Promise<Resolution> {
  try {
    return { kind: "addresses", addresses: await query() };
  } catch (error) {
    return { kind: kindOf(error) };
  }
}

function kindOf(error: unknown): "not-found" | "timeout" | "failed" {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === dns.NOTFOUND || code === dns.NODATA) return "not-found";
  return code === dns.TIMEOUT || code === dns.CANCELLED ? "timeout" : "failed";
}

/** All addresses of both families. With some, a family that failed does not matter: only what was answered is connected to. */
function combine(both: readonly Resolution[]): Resolution {
  const addresses = both.flatMap((one) => (one.kind === "addresses" ? one.addresses : []));
  if (addresses.length > 0) return { kind: "addresses", addresses };
  if (both.some(({ kind }) => kind === "timeout")) return { kind: "timeout" };
  return { kind: both.some(({ kind }) => kind === "failed") ? "failed" : "not-found" };
}
