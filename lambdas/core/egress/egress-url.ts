import { isPublicAddress } from "./egress-address.ts";
import { type EgressRefusal, egressRefusal, type EgressRule } from "./egress-rules.ts";
import { isInternalName } from "./internal-domains.ts";

export const MAX_URL_LENGTH = 2048;
const HTTPS_PORT = 443;
const FIRST_UNPRIVILEGED_PORT = 1024;

/** Ports from 1024 on that browsers block: https://fetch.spec.whatwg.org/#port-blocking. */
const BLOCKED_PORTS = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10080,
]);

/** White space, control characters and other invisible characters. `URL` drops some of them, also within a host. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
/** The name of this machine, and the addresses that it stands for without a look-up. Allowed where loopback is. */
export const LOOPBACK_NAME = "localhost";
export const LOOPBACK_ADDRESSES: readonly string[] = ["127.0.0.1", "::1"];
const LOOPBACK_AUTHORITY = /^(?:127\.0\.0\.1|localhost):\d{4,5}$/;
const LABEL = /^[a-z0-9_-]{1,63}$/;
/**
 * Every top-level domain consists of letters, or of encoded letters. A name with another ending could be taken for an
 * address.
 */
const TOP_LABEL = /^(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/;
const MAX_NAME_LENGTH = 253;

export interface AllowedUrl {
  kind: "allowed";
  /** The normalised URL. Store and use this one. */
  url: string;
  /** In lower case and ASCII, without brackets or a trailing dot. */
  host: string;
  /**
   * Whether the host is an IP address, which has then been checked, or a name, which is resolved and checked at each
   * delivery.
   */
  hostIs: "address" | "name";
  port: number;
  /** Path and query. */
  target: string;
}

export interface UrlAllowance {
  /** Whether `https://127.0.0.1:<port>` and `https://localhost:<port>`, in exactly this spelling, are allowed. */
  loopback: boolean;
}

/**
 * Judges the URL of a destination by its text: at creation, change and test, and again at each delivery. Names are
 * resolved only at delivery. An address is judged by its value, however it is spelled.
 */
export function checkUrl(input: string, allowance: UrlAllowance): AllowedUrl | EgressRefusal {
  const wrong = refuseText(input);
  if (wrong !== undefined) return egressRefusal(wrong);
  if (!URL.canParse(input)) return egressRefusal("url-invalid");
  const url = new URL(input);
  if (url.hostname.endsWith("..")) return egressRefusal("host-invalid");
  // A trailing dot makes a name absolute, which every name here is anyway. Without it each name has one spelling.
  if (url.hostname.endsWith(".")) url.hostname = url.hostname.slice(0, -1);
  const isLoopback = allowance.loopback && LOOPBACK_AUTHORITY.test(authorityOf(input));
  const refused = refuseParsed(url, isLoopback);
  return refused === undefined ? allowed(url) : egressRefusal(refused);
}

function allowed(url: URL): AllowedUrl {
  const address = addressOf(url.hostname);
  return {
    kind: "allowed",
    url: url.href,
    host: address ?? url.hostname,
    hostIs: address === undefined ? "name" : "address",
    port: portOf(url),
    target: url.pathname + url.search,
  };
}

/** Looks for what the URL parser would silently repair or drop, so it has to run before parsing. */
function refuseText(input: string): EgressRule | undefined {
  if (input.length > MAX_URL_LENGTH) return "url-too-long";
  if (!input.isWellFormed()) return "url-invalid";
  if (INVISIBLE.test(input)) return "url-invisible-character";
  if (input.includes("\\")) return "url-backslash";
  if (!/^https:\/\/[^/?#]/i.test(input)) return "url-scheme";
  const authority = authorityOf(input);
  if (authority.includes("@")) return "url-userinfo";
  if (authority.includes("%")) return "host-percent-encoded";
  return input.includes("#") ? "url-fragment" : undefined;
}

function refuseParsed(url: URL, isLoopback: boolean): EgressRule | undefined {
  if (url.href.length > MAX_URL_LENGTH) return "url-too-long";
  if (url.protocol !== "https:") return "url-scheme";
  if (url.username !== "" || url.password !== "") return "url-userinfo";
  const address = addressOf(url.hostname);
  if (address === undefined) {
    const refused = isLoopback ? undefined : refuseName(url.hostname);
    if (refused !== undefined) return refused;
  } else if (!isLoopback && !isPublicAddress(address)) {
    return "address-not-public";
  }
  return isAllowedPort(portOf(url)) ? undefined : "port-not-allowed";
}

function refuseName(name: string): EgressRule | undefined {
  const labels = name.split(".");
  if (name.length > MAX_NAME_LENGTH || !labels.every((label) => LABEL.test(label))) return "host-invalid";
  if (labels.length === 1) return "host-single-label";
  if (isInternalName(name)) return "host-internal";
  return TOP_LABEL.test(labels.at(-1) ?? "") ? undefined : "host-invalid";
}

/** The IP address that a parsed host consists of. The parser has normalised every IPv4 spelling to dotted decimals. */
function addressOf(hostname: string): string | undefined {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return /^\d+(?:\.\d+){3}$/.test(hostname) ? hostname : undefined;
}

function portOf(url: URL): number {
  return url.port === "" ? HTTPS_PORT : Number(url.port);
}

function isAllowedPort(port: number): boolean {
  return port === HTTPS_PORT || (port >= FIRST_UNPRIVILEGED_PORT && !BLOCKED_PORTS.has(port));
}

/** The authority (host and port) of a text that begins with `https://`. */
function authorityOf(input: string): string {
  return input.slice("https://".length).split(/[/?#]/, 1)[0] ?? "";
}
