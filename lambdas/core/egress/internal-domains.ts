/**
 * Domains that are only served inside internal networks, so that no receiver on the internet can be below them.
 * `.example` is not among them: it resolves nowhere, and documentation and tests use it.
 */
export const INTERNAL_DOMAINS: Readonly<Record<string, string>> = {
  localhost: "RFC 6761 6.3",
  test: "RFC 6761 6.2: private tests",
  invalid: "RFC 6761 6.4",
  local: "RFC 6762: multicast DNS",
  onion: "RFC 7686: Tor",
  alt: "RFC 9476: other name systems",
  arpa: "RFC 3172, RFC 8375 (home.arpa): infrastructure",
  internal: "ICANN 2024-07-29: kept for private use; cloud metadata and instance names",
  corp: "ICANN 2018-02-04: never delegated, in use inside",
  home: "ICANN 2018-02-04: never delegated, in use inside",
  mail: "ICANN 2018-02-04: never delegated, in use inside",
  intranet: "RFC 6762 appendix G",
  private: "RFC 6762 appendix G",
  lan: "RFC 6762 appendix G",
  localdomain: "the default domain of many systems",
  domain: "in use inside (ICANN name collision reports)",
  workgroup: "the default of Windows networks",
  belkin: "home routers (ICANN name collision reports)",
  dlink: "home routers (ICANN name collision reports)",
  router: "home routers",
  gateway: "home routers",
  dhcp: "names from leases",
  consul: "service discovery",
  svc: "service names of a Kubernetes cluster",
  docker: "names on a container network",
};

/** Whether a name, in lower case and without a trailing dot, lies in one of these domains. */
export function isInternalName(name: string): boolean {
  return Object.hasOwn(INTERNAL_DOMAINS, name.slice(name.lastIndexOf(".") + 1));
}
