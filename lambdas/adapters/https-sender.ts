import { isPublicAddress } from "../core/egress/egress-address.ts";
import type { EgressRule } from "../core/egress/egress-rules.ts";
import { type AllowedUrl, checkUrl, LOOPBACK_ADDRESSES, LOOPBACK_NAME } from "../core/egress/egress-url.ts";
import { maskSecrets } from "../core/delivery/mask-secrets.ts";
import { judgeResolution, type NameResolver } from "../core/egress/name-resolution.ts";
import type { SendDns, Sender, SendPhases, SendRequest, SendResult } from "../core/delivery/send.ts";
import { CheckedAgent } from "./checked-agent.ts";
import { type CheckedTarget, type Connect, connectDirectly } from "./dial-checked.ts";
import type { Allowance } from "./local-allowance.ts";
import { type Post, type Posted, postOnce } from "./post-once.ts";

/** From the start of the name look-up to the end of the answer. */
export const TOTAL_TIMEOUT_MS = 10_000;
const KEPT_BYTES = 1024;

export interface HttpsSenderOptions {
  resolver: NameResolver;
  /** `localAllowance()`. */
  allowance: Allowance;
  /** Time-out of the whole delivery in milliseconds. */
  totalMs?: number;
  /** Opens a connection to a checked address. */
  connect?: Connect;
}

export interface HttpsSender extends Sender {
  /** Closes idle connections. */
  close(): void;
}

/** The result of looking up a host: where to connect, or why the delivery fails. `dns` may be shown to the owner. */
type Lookup =
  | { kind: "target"; target: CheckedTarget; dns: SendDns }
  | { kind: "refused"; rule: EgressRule; dns: SendDns }
  | { kind: "failed"; errorClass: "dns" | "timeout"; dns: SendDns };

/**
 * Sends to destinations and nowhere else. For every request the URL is checked, the name is resolved once, and a
 * connection is made to an address that was just checked. Changing DNS answers, redirects, pooled connections and the
 * environment therefore cannot lead elsewhere.
 */
export function createHttpsSender(options: HttpsSenderOptions): HttpsSender {
  const { resolver, allowance, totalMs = TOTAL_TIMEOUT_MS, connect = connectDirectly } = options;
  const agent = new CheckedAgent(connect, allowance.ca);

  const attempt = async (request: SendRequest, signal: AbortSignal): Promise<SendResult> => {
    const started = performance.now();
    const durationMs = (): number => Math.round(performance.now() - started);
    const url = checkUrl(request.url, allowance);
    if (url.kind === "refused") return { kind: "refused", rule: url.rule, durationMs: durationMs() };
    const phases: SendPhases = {};
    const lookup = await lookUp(url, resolver, phases);
    if (lookup.kind === "refused") return { ...lookup, durationMs: durationMs() };
    if (lookup.kind === "failed") return { ...lookup, durationMs: durationMs(), phases };
    const { target, dns } = lookup;
    const { headers, body } = request;
    const posted = await post(agent, { target, path: url.target, headers, body, phases, signal });
    return describe(posted, { phases, dns, durationMs: durationMs() }, request.secrets ?? []);
  };

  return {
    async send(request) {
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(), totalMs);
      try {
        return await attempt(request, deadline.signal);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => agent.destroy(),
  };
}

async function lookUp(url: AllowedUrl, resolver: NameResolver, phases: SendPhases): Promise<Lookup> {
  const { host, hostIs, port } = url;
  // The address was checked with the URL. Loopback gets here only if the local runtime allows it, and its name is not
  // looked up: a resolver could answer with any address.
  const literal = hostIs === "address" ? [host] : host === LOOPBACK_NAME ? LOOPBACK_ADDRESSES : undefined;
  if (literal !== undefined) {
    const dns: SendDns = { verdict: "literal", ...(isPublicAddress(host) && { addresses: literal }) };
    return { kind: "target", target: { host, hostIs, port, addresses: literal }, dns };
  }
  const started = performance.now();
  const verdict = judgeResolution(await resolver.resolve(host));
  phases.dnsMs = Math.round(performance.now() - started);
  switch (verdict.kind) {
    case "dial": {
      const { addresses } = verdict;
      return {
        kind: "target",
        target: { host, hostIs, port, addresses },
        dns: { verdict: "public", addresses },
      };
    }
    case "refused":
      return { kind: "refused", rule: "no-public-address", dns: { verdict: "no-public-address" } };
    case "timeout":
      return { kind: "failed", errorClass: "timeout", dns: { verdict: "timeout" } };
    case "failed":
      return { kind: "failed", errorClass: "dns", dns: { verdict: "failed" } };
  }
}

/**
 * A receiver may close an idle connection just when it is reused. The same delivery is then sent once more on a new
 * connection.
 */
async function post(agent: CheckedAgent, once: Post): Promise<Posted> {
  agent.dropIdle();
  const posted = await postOnce(agent, once);
  const { result, reused } = posted;
  if (!reused || result.kind === "answered" || result.error.errorClass !== "reset") return posted;
  agent.dropIdle(once.target);
  return postOnce(agent, once);
}

interface Measured {
  phases: SendPhases;
  dns: SendDns;
  durationMs: number;
}

function describe(
  { result, address, tls }: Posted,
  measured: Measured,
  secrets: readonly string[],
): SendResult {
  const { durationMs, dns, phases } = measured;
  if (result.kind === "answered") {
    const { statusCode, retryAfter } = result;
    return {
      kind: "answered",
      statusCode,
      ...(retryAfter !== undefined && { retryAfter }),
      body: keep(result.body, secrets),
      durationMs,
      address: address ?? "",
      ...(tls && { tls }),
      dns,
      phases,
    };
  }
  const { errorClass, code } = result.error;
  if (errorClass === "address-changed") return { kind: "refused", rule: "address-changed", durationMs, dns };
  return {
    kind: "failed",
    errorClass,
    ...(code !== undefined && { code }),
    durationMs,
    phases,
    ...(address !== undefined && { address }),
    ...(tls && { tls }),
    dns,
  };
}

/** The first KiB of an answer as text. Secrets are masked before it is cut. */
function keep(body: Uint8Array, secrets: readonly string[]): string {
  const text = maskSecrets(new TextDecoder().decode(body), secrets);
  const bytes = new TextEncoder().encode(text).subarray(0, KEPT_BYTES);
  // With `stream`, a character that was cut in two is left out.
  return new TextDecoder().decode(bytes, { stream: true });
}
