import "reflect-metadata"; // must be the first import, because the certificate library looks for it when it loads
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** Some clients refuse server certificates that are valid for longer (CA/Browser Forum: 398 days). */
const SERVER_DAYS = 397;

/** A certificate and its key in PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

/** The files of a data folder's certificate authority. Clients trust `ca`. */
export function authorityFiles(dir: string): { ca: string; key: string } {
  return { ca: join(dir, "tls", "ca.pem"), key: join(dir, "tls", "ca-key.pem") };
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + days * DAY_MS) };
}

function serialNumber(): string {
  // The highest bit is cleared, because a serial number must be a positive integer.
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 1;
  return Buffer.from(bytes).toString("hex");
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", key);
  return x509.PemConverter.encode(pkcs8, "PRIVATE KEY");
}

function writeWhole(file: string, text: string, mode: number): void {
  writeFileSync(`${file}.${process.pid}`, text, { mode });
  renameSync(`${file}.${process.pid}`, file);
}

/** Creates `DIR/tls/ca.pem` and `ca-key.pem` unless they exist, and returns their contents. */
export async function ensureAuthority(dir: string): Promise<Certificate> {
  const files = authorityFiles(dir);
  if (!existsSync(files.ca)) {
    mkdirSync(join(dir, "tls"), { recursive: true });
    const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: serialNumber(),
        name: "CN=local-stack authority",
        ...validity(AUTHORITY_DAYS),
        signingAlgorithm: KEY_ALGORITHM,
        keys,
        extensions: [
          new x509.BasicConstraintsExtension(true, 0, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
      },
      webcrypto,
    );
    writeWhole(files.key, await exportKey(keys.privateKey), 0o600);
    writeWhole(files.ca, certificate.toString("pem"), 0o644);
  }
  return { cert: readFileSync(files.ca, "utf8"), key: readFileSync(files.key, "utf8") };
}

/** A server certificate from the authority of `dir`, for `127.0.0.1`, `::1`, `localhost` and `names`. */
export async function issueServerCertificate(
  dir: string,
  names: readonly string[] = [],
): Promise<Certificate> {
  const authority = await ensureAuthority(dir);
  const issuer = new x509.X509Certificate(authority.cert);
  const signingKey = await webcrypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(authority.key),
    KEY_ALGORITHM,
    false,
    ["sign"],
  );
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
  const dnsNames = ["localhost", ...names].map((value) => ({ type: "dns" as const, value }));
  const addresses = ["127.0.0.1", "::1"].map((value) => ({ type: "ip" as const, value }));
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: "CN=localhost",
      issuer: issuer.subject,
      ...validity(SERVER_DAYS),
      signingAlgorithm: KEY_ALGORITHM,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([...dnsNames, ...addresses]),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ],
    },
    webcrypto,
  );
  return { cert: certificate.toString("pem"), key: await exportKey(keys.privateKey) };
}
