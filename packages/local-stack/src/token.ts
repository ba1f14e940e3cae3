import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLocalJWKSet, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from "jose";
import * as z from "zod";
import { readClock } from "./clock.ts";
import { SigningKeyError } from "./errors.ts";

const ALGORITHM = "RS256";
const DEFAULT_EXPIRY_SECONDS = 30 * 86_400;
const keySchema = z.looseObject({
  kty: z.literal("RSA"),
  n: z.string(),
  e: z.string(),
  d: z.string(),
  kid: z.string(),
});
type SigningKey = z.infer<typeof keySchema>;

/** The content of a token. Its issuer and audience are those of the template's authoriser. */
export interface TokenRequest {
  issuer: string;
  audience: string;
  /** Further claims, such as `scope`, whose values are separated by spaces. */
  claims?: Readonly<Record<string, unknown>>;
  /** Default `local`. */
  subject?: string;
  /** Seconds by the stack's clock. Default: 30 days. */
  expiresIn?: number;
}

/** The signing key of a data folder, which is created when it is first needed. */
async function signingKey(dir: string): Promise<SigningKey> {
  const file = join(dir, "issuer-key.json");
  if (!existsSync(file)) {
    mkdirSync(dir, { recursive: true });
    const pair = await generateKeyPair(ALGORITHM, { extractable: true });
    const key = {
      ...(await exportJWK(pair.privateKey)),
      kid: randomBytes(8).toString("hex"),
      alg: ALGORITHM,
    };
    const partial = `${file}.${process.pid}`;
    writeFileSync(partial, JSON.stringify(key), { mode: 0o600 });
    renameSync(partial, file);
  }
  return parseKey(file, readFileSync(file, "utf8"));
}

async function parseKey(file: string, text: string): Promise<SigningKey> {
  try {
    const key = keySchema.parse(JSON.parse(text));
    await importJWK(key, ALGORITHM);
    return key;
  } catch {
    throw new SigningKeyError(file);
  }
}

/**
 * A bearer token that the local stack of `dir` accepts, signed with the folder's own key. The stack need not be
 * running.
 * @throws SigningKeyError
 */
export async function issueToken(dir: string, request: TokenRequest): Promise<string> {
  const key = await signingKey(dir);
  const seconds = Math.floor(readClock(dir) / 1000);
  return new SignJWT({ ...request.claims })
    .setProtectedHeader({ alg: ALGORITHM, kid: key.kid })
    .setIssuer(request.issuer)
    .setAudience(request.audience)
    .setSubject(request.subject ?? "local")
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + (request.expiresIn ?? DEFAULT_EXPIRY_SECONDS))
    .sign(await importJWK(key, ALGORITHM));
}

/**
 * The keys with which the authoriser verifies tokens of `dir`.
 * @throws SigningKeyError
 */
export async function verificationKeys(dir: string): Promise<ReturnType<typeof createLocalJWKSet>> {
  const key = await signingKey(dir);
  const published: JWK = { kty: key.kty, n: key.n, e: key.e, kid: key.kid, alg: ALGORITHM };
  return createLocalJWKSet({ keys: [published] });
}
