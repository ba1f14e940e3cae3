import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskSecrets } from "../../../../lambdas/core/delivery/mask-secrets.ts";

const SECRET = 'tök"en/+value=';

describe("a known secret in a receiver's response", () => {
  it.each([
    ["as it is", `You sent ${SECRET}!`],
    ["in JSON", JSON.stringify({ got: SECRET })],
    ["in a URL", `https://example.com/?t=${encodeURIComponent(SECRET)}`],
    ["in base64", Buffer.from(SECRET).toString("base64")],
    ["in base64 of more", Buffer.from(`1:${SECRET}:2`).toString("base64")],
    ["in base64url of more", Buffer.from(`12:${SECRET}`).toString("base64url")],
    ["in hexadecimal", Buffer.from(SECRET).toString("hex")],
    ["cut at the end", `You sent ${SECRET.slice(0, 6)}`],
  ])("is masked %s", (_, text) => {
    const masked = maskSecrets(text, [SECRET]);
    expect(masked).toHaveLength(text.length);
    expect(masked).toContain("****");
    expect(masked).not.toContain("tök");
    expect(masked).not.toContain(Buffer.from(SECRET).toString("base64").slice(0, 6));
  });

  it("is masked by its runs of letters and digits, however the characters between them are encoded", () => {
    const masked = maskSecrets("key_plus_0123456789abcdef_lt_gt_", ["key+0123456789abcdef<>"]);
    expect(masked).toBe(`key_plus_${"*".repeat(16)}_lt_gt_`);
  });

  it("is masked without its scheme, which stays readable, and without the prefix of a signing secret", () => {
    const secrets = ["Bearer abcdef123", "whsec_MDEyMzQ1Njc4"];
    expect(maskSecrets("Bearer: abcdef123 and MDEyMzQ1Njc4", secrets)).toBe(
      "Bearer: ********* and ************",
    );
  });

  it.each([
    "user:pa/ss+word",
    "pa/ss+word",
    Buffer.from("user:pa/ss+word").toString("base64"),
    "pa\\/ss%2bword",
  ])("is masked as what Basic encodes: %s", (said) => {
    const secret = `Basic ${Buffer.from("user:pa/ss+word").toString("base64")}`;
    expect(maskSecrets(`no ${said}!`, [secret])).toBe(`no ${"*".repeat(said.length)}!`);
    expect(maskSecrets("Basic user unknown", [secret])).toBe("Basic user unknown");
  });

  it("is masked when Basic credentials have a token as the user", () => {
    const secret = `Basic ${Buffer.from("sk_live_1234:").toString("base64")}`;
    expect(maskSecrets("key=sk_live_1234", [secret])).toBe("key=************");
  });

  it("is masked where it contains another secret, and only there", () => {
    expect(maskSecrets("abcd abcdef abc", ["abcd", "abcdef"])).toBe("**** ****** abc");
    expect(maskSecrets("ok, 1 event", ["1", "ok"])).toBe("ok, 1 event");
  });
});

const HEADER = "k7/Qp+x2=Lm9/Tz==";

describe("a header value that frameworks quote in different ways", () => {
  it.each([
    ["JSON of PHP", JSON.stringify(HEADER).replaceAll("/", "\\/").slice(1, -1)],
    ["JSON of .NET", HEADER.replaceAll("+", "\\u002B")],
    ["JSON in JSON", JSON.stringify(JSON.stringify(HEADER).replaceAll("/", "\\/")).slice(3, -3)],
    [
      "a URL in small letters",
      encodeURIComponent(HEADER).toLowerCase().replace("qp", "Qp").replace("lm", "Lm").replace("tz", "Tz"),
    ],
    ["a URL in a URL", encodeURIComponent(encodeURIComponent(HEADER))],
    ["quoted-printable", HEADER.replaceAll("=", "=3D").replace("Lm9", "L=\r\nm9")],
    [
      "HTML with names",
      HEADER.replaceAll("/", "&sol;").replaceAll("+", "&plus;").replaceAll("=", "&equals;"),
    ],
    ["HTML in decimals", HEADER.replaceAll("/", "&#47;").replaceAll("+", "&#43;").replaceAll("=", "&#061;")],
    [
      "HTML in hexadecimal",
      HEADER.replaceAll("/", "&#x2f;").replaceAll("+", "&#x2B;").replaceAll("=", "&#x3D;"),
    ],
    [
      "base64 in lines",
      Buffer.from(HEADER)
        .toString("base64url")
        .replace(/(.{10})/g, "$1\n"),
    ],
  ])("is masked in %s", (_, quoted) => {
    expect(maskSecrets(`(${quoted})`, [HEADER])).toBe(`(${"*".repeat(quoted.length)})`);
  });

  it("is masked in Go's JSON", () => {
    expect(maskSecrets('"\\u003ckey\\u003e\\u0026"', ["<key>&"])).toBe(`"${"*".repeat(21)}"`);
  });

  it("is masked where the end of the text cuts an escape in two", () => {
    for (const cut of ["%", "%2", "%u00", "\\", "\\u", "\\u002", "&", "&pl", "&#4", "&#x2"])
      expect(maskSecrets(`got k7/Qp${cut}`, [HEADER])).toBe(`got ${"*".repeat(5 + cut.length)}`);
  });
});

const KEY = Buffer.from("3fa90d5c80ff41e2776b00c3285cd19e4f", "hex");
const groups = (of: string, sign: string) => of.replace(/..(?!$)/g, `$&${sign}`);
const inHex = KEY.toString("hex");

describe("the key that a signing secret encodes", () => {
  it.each([
    ["as the recipe for a shell prints it", inHex],
    ["in capitals", inHex.toUpperCase()],
    ["with colons", groups(inHex, ":")],
    ["with spaces", groups(inHex.toUpperCase(), " ")],
    ["in lines", inHex.replace(/.{8}/g, "$&\n")],
    ["in lines within JSON", inHex.replace(/.{8}/g, "$&\\n")],
    ["as an array of C", groups(inHex, ", 0x")],
    ["as a text of C", groups(inHex, "\\x")],
    ["as bytes of Latin-1", KEY.toString("latin1")],
    ["as bytes that were taken for UTF-8", new TextDecoder().decode(KEY)],
    [
      "as bytes that Python shows",
      [...KEY]
        .map((byte) =>
          byte < 0x7f && byte >= 0x20
            ? String.fromCharCode(byte).replace("\\", "\\\\")
            : `\\x${byte.toString(16).padStart(2, "0")}`,
        )
        .join("")
        .replace("\\x0d", "\\r"),
    ],
    ["as bytes in a URL", groups(inHex, "%")],
    ["as numbers", [...KEY].join(", ")],
    ["as numbers of Go", [...KEY].join(" ")],
    ["without padding", KEY.toString("base64").replaceAll("=", "")],
    ["in base64url", KEY.toString("base64url")],
  ])("is masked %s", (_, shown) => {
    const masked = maskSecrets(`hexkey:${shown}.`, [`whsec_${KEY.toString("base64")}`]);
    expect(masked).toBe(`hexkey:${"*".repeat(shown.length)}.`);
  });

  it("is masked within the base64 of a longer text", () => {
    const masked = maskSecrets(Buffer.concat([Buffer.from("k:"), KEY]).toString("base64"), [
      `whsec_${KEY.toString("base64")}`,
    ]);
    expect(masked).toMatch(/^.{3}\*{22}.==$/);
  });
});

const code = (char: string, base: number, digits: number) =>
  char.charCodeAt(0).toString(base).padStart(digits, "0");
const NAMED: Record<string, string> = {
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  '"': "&quot;",
  "/": "&sol;",
  "'": "&apos;",
};
const upper = (text: string, isUpper: boolean) => (isUpper ? text.toUpperCase() : text);
const WAYS: readonly ((char: string, isUpper: boolean) => string)[] = [
  (char) => char,
  (char) => char,
  (char, isUpper) => `%${upper(code(char, 16, 2), isUpper)}`,
  (char, isUpper) => `%25${upper(code(char, 16, 2), isUpper)}`,
  (char, isUpper) => `=${upper(code(char, 16, 2), isUpper)}`,
  (char, isUpper) => `\\u${upper(code(char, 16, 4), isUpper)}`,
  (char, isUpper) => `\\x${upper(code(char, 16, 2), isUpper)}`,
  (char) => `\\${code(char, 8, 3)}`,
  (char) => `&#${code(char, 10, 1)};`,
  (char, isUpper) => `&#${isUpper ? "X" : "x"}${code(char, 16, 2)};`,
  (char) => NAMED[char] ?? char,
  (char) => `&amp;#${code(char, 10, 3)};`,
  (char) => (char === " " ? "+" : char),
  (char) => (char === "'" || char === '"' ? char + char : char),
  (char) => (char === "'" ? "'\\''" : char),
  (char, isUpper) => `%u${upper(code(char, 16, 4), isUpper)}`,
];
const secretText = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((value) => String.fromCharCode(value)),
    minLength: 4,
    maxLength: 60,
  })
  .filter((text) => text.trim() === text);
const choices = fc.infiniteStream(
  fc.record({
    way: fc.nat(WAYS.length - 1),
    isUpper: fc.boolean(),
    before: fc.constantFrom("", "", "", "\\", "\\\\\\", "=\r\n"),
  }),
);
/** Characters that no secret contains. */
const other = fc.string({ unit: fc.constantFrom("ж", "я", "…", "\n"), maxLength: 20 });

function quote(secret: string, stream: Iterable<{ way: number; isUpper: boolean; before: string }>): string {
  const chosen = stream[Symbol.iterator]();
  return [...secret]
    .map((char, index) => {
      const { way = 0, isUpper = false, before = "" } = chosen.next().value ?? {};
      return (index === 0 ? "" : before) + (WAYS[way]?.(char, isUpper) ?? char);
    })
    .join("");
}

describe("any secret with each character escaped in any way", () => {
  it("is masked, and nothing else is", () => {
    fc.assert(
      fc.property(secretText, choices, other, other, (secret, stream, before, after) => {
        const quoted = quote(secret, stream);
        const masked = maskSecrets(`${before}${quoted}ж${after}`, [secret, "Bearer other-secret"]);
        expect(masked).toBe(`${before}${"*".repeat(quoted.length)}ж${after}`);
      }),
      { numRuns: 3000 },
    );
  });

  it("is masked up to the place where the text is cut off", () => {
    fc.assert(
      fc.property(
        secretText,
        choices,
        other,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (secret, stream, before, share) => {
          const chosen = [...stream.take(secret.length)];
          const shown = 4 + Math.floor(share * (secret.length - 4));
          const quoted = quote(secret.slice(0, shown), chosen);
          const masked = maskSecrets(before + quoted, [secret]);
          expect(masked).toBe(before + "*".repeat(quoted.length));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("leaves a text unchanged that does not contain it", () => {
    const token = "zq7/Qp+x2=Lm9/Tz==";
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii", maxLength: 300 }), (text) => {
        fc.pre(!text.includes("zq"));
        expect(maskSecrets(`${text}.`, [token])).toBe(`${text}.`);
      }),
    );
  });
});

describe("a response made to slow down masking", () => {
  it.each([
    ["\\".repeat(16_384), `${"\\".repeat(3900)}b`],
    ["%25".repeat(5461), `${"%25".repeat(1300)}b`],
    ["61 ".repeat(5461), `${"a".repeat(3900)}b`],
  ])("is masked whole", (text, secret) => {
    expect(maskSecrets(text, [secret])).toBe("*".repeat(text.length));
  });

  it("does not include an ordinary page with many secrets to look for", () => {
    const page = '<p class="x">Bad &amp; gateway, 502 = %20 nope</p>\n'.repeat(400).slice(0, 16_384);
    const secrets = Array.from({ length: 20 }, (_, index) => `${"Zq9+".repeat(45)}${index}`);
    expect(maskSecrets(page, secrets)).toBe(page);
  });
});
