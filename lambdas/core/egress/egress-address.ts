import { BlockList, isIP } from "node:net";
import { GLOBAL_UNICAST_IPV6, SPECIAL_IPV4, SPECIAL_IPV6 } from "./special-purpose-addresses.ts";

type Family = "ipv4" | "ipv6";

// One list for each address family: in a shared list the rule ::ffff:0:0/96 would match every IPv4 address.
const specialIpv4 = blockList("ipv4", SPECIAL_IPV4);
const specialIpv6 = blockList("ipv6", SPECIAL_IPV6);
const globalIpv6 = blockList("ipv6", [{ cidr: GLOBAL_UNICAST_IPV6 }]);

function blockList(family: Family, blocks: readonly { cidr: string }[]): BlockList {
  const list = new BlockList();
  for (const { cidr } of blocks) {
    const [prefix = "", length] = cidr.split("/");
    list.addSubnet(prefix, Number(length), family);
  }
  return list;
}

/**
 * Whether an address is reachable by anyone on the internet: not in a special-purpose block, and not an IPv6 address
 * that embeds an IPv4 address of any kind. Text that is no address and addresses with a zone id are not public.
 */
export function isPublicAddress(address: string): boolean {
  if (address.includes("%")) return false; // `net.isIP` accepts zone ids as part of an address.
  switch (isIP(address)) {
    case 4:
      return !specialIpv4.check(address, "ipv4");
    case 6:
      return globalIpv6.check(address, "ipv6") && !specialIpv6.check(address, "ipv6") && !isIsatap(address);
    default:
      return false;
  }
}

/** Whether both texts spell the same address; sockets and resolvers may spell it differently. */
export function isSameAddress(one: string, other: string): boolean {
  return (
    one === other || (isIP(one) === 6 && isIP(other) === 6 && groupsOf(one).join() === groupsOf(other).join())
  );
}

/**
 * RFC 5214 section 6.1: an interface id of 0:5efe or 200:5efe is followed by an IPv4 address to which a tunnel would
 * deliver.
 */
function isIsatap(address: string): boolean {
  const groups = groupsOf(address);
  return groups[5] === 0x5efe && (groups[4] === 0 || groups[4] === 0x200);
}

/** The eight 16-bit groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const hostname = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = hostname.split("::");
  const before = parseGroups(head);
  const after = parseGroups(tail ?? "");
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function parseGroups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
