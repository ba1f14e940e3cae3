/** A block of addresses that the egress guard never connects to. */
export interface SpecialBlock {
  cidr: string;
  name: string;
  /** Where the block is defined. */
  source: string;
  /** `iana`: a record of the IANA special-purpose registries. `extra`: not in the registries, but refused as well. */
  registry: "iana" | "extra";
  /**
   * The registry's column of this name; `null` for "N/A" and for blocks without a record. Reachable blocks are refused
   * by our own policy: they are for relays, sinks and identifiers, where no receiver can be.
   */
  globallyReachable: boolean | null;
}

function iana(cidr: string, name: string, source: string, globallyReachable: boolean | null): SpecialBlock {
  return { cidr, name, source, registry: "iana", globallyReachable };
}

function extra(cidr: string, name: string, source: string): SpecialBlock {
  return { cidr, name, source, registry: "extra", globallyReachable: null };
}

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890) as of November 2026, and blocks that are missing from it. */
export const SPECIAL_IPV4: readonly SpecialBlock[] = [
  iana("0.0.0.0/8", "This network", "RFC 791 3.2", false),
  iana("0.0.0.0/32", "This host on this network", "RFC 1122 3.2.1.3", false),
  iana("10.0.0.0/8", "Private-Use", "RFC 1918", false),
  iana("100.64.0.0/10", "Shared Address Space (CGNAT)", "RFC 6598", false),
  iana("127.0.0.0/8", "Loopback", "RFC 1122 3.2.1.3", false),
  iana("169.254.0.0/16", "Link Local (AWS: metadata, ECS, EKS, DNS, NTP)", "RFC 3927", false),
  iana("172.16.0.0/12", "Private-Use", "RFC 1918", false),
  iana("192.0.0.0/24", "IETF Protocol Assignments", "RFC 6890 2.1", false),
  iana("192.0.0.0/29", "IPv4 Service Continuity Prefix", "RFC 7335", false),
  iana("192.0.0.8/32", "IPv4 dummy address", "RFC 7600", false),
  iana("192.0.0.9/32", "Port Control Protocol Anycast", "RFC 7723", true),
  iana("192.0.0.10/32", "TURN Anycast", "RFC 8155", true),
  iana("192.0.0.170/32", "NAT64/DNS64 Discovery", "RFC 8880", false),
  iana("192.0.0.171/32", "NAT64/DNS64 Discovery", "RFC 8880", false),
  iana("192.0.2.0/24", "Documentation (TEST-NET-1)", "RFC 5737", false),
  iana("192.31.196.0/24", "AS112-v4", "RFC 7535", true),
  iana("192.52.193.0/24", "AMT", "RFC 7450", true),
  iana("192.88.99.0/24", "Deprecated (6to4 Relay Anycast)", "RFC 7526", null),
  iana("192.88.99.2/32", "6a44-relay anycast", "RFC 6751", false),
  iana("192.168.0.0/16", "Private-Use", "RFC 1918", false),
  iana("192.175.48.0/24", "Direct Delegation AS112 Service", "RFC 7534", true),
  iana("198.18.0.0/15", "Benchmarking", "RFC 2544", false),
  iana("198.51.100.0/24", "Documentation (TEST-NET-2)", "RFC 5737", false),
  iana("203.0.113.0/24", "Documentation (TEST-NET-3)", "RFC 5737", false),
  iana("240.0.0.0/4", "Reserved", "RFC 1112 4", false),
  iana("255.255.255.255/32", "Limited Broadcast", "RFC 8190, RFC 919 7", false),
  extra("224.0.0.0/4", "Multicast (separate IANA registry)", "RFC 5771"),
  extra("168.63.129.16/32", "Azure WireServer", "Azure: host-local there"),
];

/**
 * All other IPv6 addresses are refused: IANA delegates global unicast addresses from this block only (RFC 4291 section
 * 2.4, RFC 3587).
 */
export const GLOBAL_UNICAST_IPV6 = "2000::/3";

/** IANA IPv6 Special-Purpose Address Registry (RFC 6890) as of November 2026, and blocks that are missing from it. */
export const SPECIAL_IPV6: readonly SpecialBlock[] = [
  iana("::1/128", "Loopback Address", "RFC 4291", false),
  iana("::/128", "Unspecified Address", "RFC 4291", false),
  iana("::ffff:0:0/96", "IPv4-mapped Address", "RFC 4291", false),
  iana("64:ff9b::/96", "IPv4-IPv6 Translat. (NAT64 well-known)", "RFC 6052", true),
  iana("64:ff9b:1::/48", "IPv4-IPv6 Translat. (NAT64 local-use)", "RFC 8215", false),
  iana("100::/64", "Discard-Only Address Block", "RFC 6666", false),
  iana("100:0:0:1::/64", "Dummy IPv6 Prefix", "RFC 9780", false),
  iana("2001::/23", "IETF Protocol Assignments", "RFC 2928", false),
  iana("2001::/32", "TEREDO", "RFC 4380, RFC 8190", null),
  iana("2001:1::1/128", "Port Control Protocol Anycast", "RFC 7723", true),
  iana("2001:1::2/128", "TURN Anycast", "RFC 8155", true),
  iana("2001:1::3/128", "DNS-SD SRP Anycast", "RFC 9665", true),
  iana("2001:2::/48", "Benchmarking", "RFC 5180", false),
  iana("2001:3::/32", "AMT", "RFC 7450", true),
  iana("2001:4:112::/48", "AS112-v6", "RFC 7535", true),
  iana("2001:10::/28", "Deprecated (previously ORCHID)", "RFC 4843", null),
  iana("2001:20::/28", "ORCHIDv2", "RFC 7343", true),
  iana("2001:30::/28", "Drone Remote ID (DETs)", "RFC 9374", true),
  iana("2001:db8::/32", "Documentation", "RFC 3849", false),
  iana("2002::/16", "6to4", "RFC 3056", null),
  iana("2620:4f:8000::/48", "Direct Delegation AS112 Service", "RFC 7534", true),
  iana("3fff::/20", "Documentation", "RFC 9637", false),
  iana("5f00::/16", "Segment Routing (SRv6) SIDs", "RFC 9602", false),
  iana("fc00::/7", "Unique-Local (incl. AWS fd00:ec2::/32)", "RFC 4193, RFC 8190", false),
  iana("fe80::/10", "Link-Local Unicast", "RFC 4291", false),
  extra("::/96", "IPv4-compatible (deprecated)", "RFC 4291 2.5.5.1"),
  extra("::ffff:0:0:0/96", "IPv4-translated (SIIT, deprecated)", "RFC 2765, RFC 7915"),
  extra("fec0::/10", "Site-local (deprecated)", "RFC 3879"),
  extra("ff00::/8", "Multicast", "RFC 4291"),
  extra("3ffe::/16", "Former 6bone (returned to IANA)", "RFC 3701"),
];
