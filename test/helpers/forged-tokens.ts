import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LOCAL_OIDC } from "../../local/token.ts";

type Claims = Record<string, unknown>;
type Header = Record<string, unknown>;

/** Builds tokens by hand that no honest issuer would issue, with the key of a data folder or another one. */
export function forgeTokens(dir: string, nowSeconds: number) {
  const jwk: JsonWebKey & { kid: string } = JSON.parse(readFileSync(join(dir, "issuer-key.json"), "utf8"));
  const own = createPrivateKey({ key: jwk, format: "jwk" });
  const published = createPublicKey({ key: jwk, format: "jwk" });
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const good: Claims = {
    iss: LOCAL_OIDC.issuer,
    aud: LOCAL_OIDC.audience,
    sub: "usr_1",
    iat: nowSeconds,
    exp: nowSeconds + 3600,
    workspaces: ["ws_1"],
    scope: "events:read",
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = (input: string, key: KeyObject): string =>
    `${input}.${createSign("RSA-SHA256").update(input).sign(key).toString("base64url")}`;
  const input = (claims: Claims, header: Header = {}): string =>
    `${part({ alg: "RS256", kid: jwk.kid, ...header })}.${part({ ...good, ...claims })}`;
  const byHmac = (secret: string | Buffer): string => {
    const text = input({}, { alg: "HS256" });
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  };
  const withClaims = (claims: Claims, header: Header = {}): string => signed(input(claims, header), own);
  return {
    /** A valid token, except for the given fields. */
    withClaims,
    /** Invalid tokens, by what is wrong with them. */
    refused: {
      "no signature": `${input({}, { alg: "none" })}.`,
      "no signature, spelt otherwise": `${input({}, { alg: "nOnE" })}.`,
      "a signature cut off": withClaims({}).split(".").slice(0, 2).join("."),
      "HMAC by the public key (PEM)": byHmac(published.export({ type: "spki", format: "pem" })),
      "HMAC by the public key (DER)": byHmac(published.export({ type: "spki", format: "der" })),
      "HMAC by nothing": byHmac(""),
      "another key under the same id": signed(input({}), other.privateKey),
      "a key of its own in the header": signed(
        input({}, { jwk: other.publicKey.export({ format: "jwk" }), kid: undefined }),
        other.privateKey,
      ),
      "a key to be fetched": signed(
        input({}, { jku: "https://127.0.0.1:1/keys.json", kid: "x" }),
        other.privateKey,
      ),
      "claims changed after signing": `${part({ alg: "RS256", kid: jwk.kid })}.${part({ ...good, workspaces: "*" })}.${withClaims({}).split(".")[2]}`,
      "another issuer": withClaims({ iss: "https://issuer.example.com" }),
      "almost the issuer": withClaims({ iss: `${LOCAL_OIDC.issuer}/` }),
      "no issuer": withClaims({ iss: undefined }),
      "another audience": withClaims({ aud: "somebody-else" }),
      "almost the audience": withClaims({ aud: [`${LOCAL_OIDC.audience}2`, ""] }),
      "no audience": withClaims({ aud: undefined }),
      "another audience beside a client's id": withClaims({ aud: "x", client_id: LOCAL_OIDC.audience }),
      "its time over": withClaims({ exp: nowSeconds - 1 }),
      "no end": withClaims({ exp: undefined }),
      "an end that is no number": withClaims({ exp: String(nowSeconds + 3600) }),
      "its time still to come": withClaims({ nbf: nowSeconds + 600 }),
      "a header that must be understood": withClaims({}, { crit: ["exp"] }),
    },
  };
}
