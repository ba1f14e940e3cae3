import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPublicAddress, isSameAddress } from "../../../../lambdas/core/egress/egress-address.ts";
import { checkUrl } from "../../../../lambdas/core/egress/egress-url.ts";
import {
  type Block,
  isIn,
  type NumberedAddress,
  parseAddress,
  parseBlock,
} from "../../../helpers/address-numbers.ts";
import {
  addressNumber,
  addressText,
  ipv4Spelling,
  ipv6Spelling,
} from "../../../helpers/address-spellings.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures/egress");
const EVERYTHING_ELSE_IPV6 = "IPv6 outside 2000::/3";

/**
 * Blocks that the guard refuses although the registries or Python call their addresses global. The reverse, allowing an
 * address that they do not, never happens.
 */
const STRICTER: Readonly<Record<string, string>> = {
  "192.0.0.0/24":
    "protocol assignments: 192.0.0.9 and .10 are anycast of PCP and TURN; Python before 3.11.10 knew a part of it",
  "192.31.196.0/24": "AS112: a sink for misdirected reverse lookups",
  "192.175.48.0/24": "AS112: a sink for misdirected reverse lookups",
  "192.52.193.0/24": "AMT: relays that answer by tunnel",
  "192.88.99.0/24": "6to4 relays: reachable is N/A, deprecated; they lead to whatever IPv4 address is inside",
  "224.0.0.0/4":
    "multicast: a registry of its own, and nothing to connect to; Python calls most of it global",
  "168.63.129.16/32": "Azure's host from inside Azure",
  "2001::/23": "protocol assignments: Teredo, anycast, benchmarks, ORCHID, DET; no receiver is there",
  "2002::/16": "6to4: reachable is N/A; it carries an IPv4 address; Python before 3.11.10 called it global",
  "2620:4f:8000::/48": "AS112",
  "3ffe::/16": "6bone: returned to IANA",
  "3fff::/20": "documentation since 2024; Python before 3.11.10 does not know it",
};

const registries: (Block & { reachable: boolean })[] = readFileSync(
  join(FIXTURES, "iana-special-registries.csv"),
  "utf8",
)
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(","))
  .map(([, block = "", , reachable]) => ({ ...parseBlock(block), reachable: reachable === "True" }));
const stricter = Object.keys(STRICTER).map(parseBlock);
const globalUnicast = parseBlock("2000::/3");

/** By RFC 6890 the most specific record counts, and an address without a record is reachable. */
function registriesSayReachable(address: NumberedAddress): boolean {
  const records = registries.filter((block) => isIn(block, address)).toSorted((a, b) => b.length - a.length);
  return records[0]?.reachable ?? true;
}

function whyStricter(address: NumberedAddress): string | undefined {
  const block = stricter.find((one) => isIn(one, address));
  if (block !== undefined) return STRICTER[block.text];
  if (address.family === 4) return undefined;
  if (!isIn(globalUnicast, address)) return EVERYTHING_ELSE_IPV6;
  const identifier = (address.value >> 32n) & 0xffffffffn;
  return identifier === 0x5efen || identifier === 0x2005efen ? "ISATAP: carries an IPv4 address" : undefined;
}

const expected = (address: NumberedAddress): boolean =>
  registriesSayReachable(address) && whyStricter(address) === undefined;

const allBlocks = [
  ...registries,
  ...stricter,
  globalUnicast,
  ...["ff00::/8", "fec0::/10", "::/96"].map(parseBlock),
];
const edges = (family: 4 | 6): bigint[] =>
  allBlocks.filter((block) => block.family === family).flatMap(({ first, last }) => [first, last]);
const ipv4 = addressNumber(edges(4), 32);
const ipv6 = fc.oneof(
  addressNumber(edges(6), 128),
  // IPv6 addresses that end in an IPv4 address, where translators look for one. The identifiers of ISATAP are among the
  // prefixes.
  fc
    .tuple(
      fc.constantFrom(
        0n,
        0xffffn,
        0xffff0000n,
        0x64ff9bn << 64n,
        (0x26001f18n << 64n) | 0x5efen,
        (0x2600n << 80n) | 0x2005efen,
      ),
      ipv4,
    )
    .map(([prefix, address]) => (prefix << 32n) | address),
);

describe("an address, compared with the IANA special-purpose registries", () => {
  it("gets the verdict of an independent implementation, for IPv4 in every spelling that URL accepts", () => {
    const spelt = ipv4.chain((value) => fc.tuple(fc.constant(value), ipv4Spelling(value)));
    fc.assert(
      fc.property(spelt, ([value, host]) => {
        const url = `https://${host}/`;
        expect(new URL(url).hostname).toBe(addressText[4](value));
        expect(checkUrl(url, { loopback: false }).kind === "allowed").toBe(expected({ family: 4, value }));
        expect(isPublicAddress(addressText[4](value))).toBe(expected({ family: 4, value }));
      }),
      { numRuns: 5000 },
    );
  });

  it("gets the verdict of an independent implementation, for IPv6 in every spelling that URL accepts", () => {
    const spelt = ipv6.chain((value) => fc.tuple(fc.constant(value), ipv6Spelling(value)));
    fc.assert(
      fc.property(spelt, ([value, host]) => {
        expect(parseAddress(new URL(`https://${host}/`).hostname.slice(1, -1)).value).toBe(value);
        expect(checkUrl(`https://${host}/`, { loopback: false }).kind === "allowed").toBe(
          expected({ family: 6, value }),
        );
        expect(isPublicAddress(host.slice(1, -1))).toBe(expected({ family: 6, value }));
      }),
      { numRuns: 5000 },
    );
  });

  it("gets the right verdict on both sides of the boundaries of every block", () => {
    for (const { family, first, last } of allBlocks) {
      for (const value of [first - 1n, first, last, last + 1n]) {
        if (value < 0n || value >= 1n << (family === 4 ? 32n : 128n)) continue;
        const address = { family, value };
        expect([addressText[family](value), isPublicAddress(addressText[family](value))]).toEqual([
          addressText[family](value),
          expected(address),
        ]);
      }
    }
  });
});

describe("an address, compared with Python's ipaddress.is_global", () => {
  const recorded: unknown = JSON.parse(readFileSync(join(FIXTURES, "python-is-global.json"), "utf8"));
  const python = spawnSync("python3", [join(FIXTURES, "ask-python.py")], {
    encoding: "utf8",
    timeout: 20_000,
  });

  it.each([
    ["as recorded", recorded],
    ["on this machine", python.status === 0 ? (JSON.parse(python.stdout) as unknown) : recorded],
  ])("gets the same verdict (%s) unless there is a reason for a stricter one", (_, answers) => {
    const { isGlobal } = answers as { isGlobal: Record<string, boolean> };
    const unexplained = Object.entries(isGlobal).filter(([address, global]) => {
      const ours = isPublicAddress(address);
      const isExplained = global && !ours && whyStricter(parseAddress(address)) !== undefined;
      return ours !== global && !isExplained;
    });
    expect(Object.keys(isGlobal).length).toBeGreaterThan(1000);
    expect(unexplained).toEqual([]);
  });
});

describe("text that is not an address", () => {
  it.each([
    "",
    "localhost",
    "8.8.8",
    "8.8.8.8 ",
    "08.8.8.8",
    "8.8.8.8%1",
    "2606:4700::1111%eth0",
    "fe80::1%1",
    "[2606:4700::1111]",
    "::ffff:8.8.8.8",
  ])("is not public: %j", (text) => expect(isPublicAddress(text)).toBe(false));
});

describe("the comparison of two addresses", () => {
  it("is independent of their spelling", () => {
    expect(isSameAddress("2606:4700:0:0::1", "2606:4700::1")).toBe(true);
    expect(isSameAddress("2606:4700::2", "2606:4700::1")).toBe(false);
    expect(isSameAddress("3606:4700::1", "2606:4700::1")).toBe(false);
    expect(isSameAddress("2606:4700::1:1", "2606:4700::2:1")).toBe(false);
    expect(isSameAddress("8.8.8.8", "8.8.8.8")).toBe(true);
    expect(isSameAddress("8.8.8.8", "::ffff:808:808")).toBe(false);
    expect(isSameAddress("::ffff:808:808", "8.8.8.8")).toBe(false);
    expect(isSameAddress("2606:4700::1", "")).toBe(false);
    expect(isSameAddress("127.0.0.1", "8.8.8.8")).toBe(false);
    expect(isSameAddress("", "8.8.8.8")).toBe(false);
  });
});
