import { TLSSocket } from "node:tls";
import type { Socket } from "node:net";
import type { SendTls } from "../core/delivery/send.ts";

/** Limits names in certificates, because receivers choose them. */
const MAX_NAME_LENGTH = 256;

/** The TLS parameters and the certificate of a connection; `undefined` if TLS is not established. */
export function describeTls(socket: Socket): SendTls | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const version = socket.getProtocol();
  const certificate = socket.getPeerX509Certificate();
  if (version === null) return undefined;
  return {
    version,
    cipher: socket.getCipher().standardName,
    ...(certificate !== undefined && {
      subject: oneLine(certificate.subject),
      issuer: oneLine(certificate.issuer),
      validFrom: toTimestamp(certificate.validFromDate),
      validTo: toTimestamp(certificate.validToDate),
      fingerprint256: certificate.fingerprint256,
    }),
  };
}

function toTimestamp(date: Date): string {
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/**
 * A distinguished name on one line; Node returns one line for each part. It is missing, despite its type, if the
 * subject is empty.
 */
function oneLine(name: string | undefined): string {
  return (name ?? "").replaceAll("\n", ", ").slice(0, MAX_NAME_LENGTH);
}
