/** One POST over HTTPS. `body` is sent unchanged, because these bytes were signed. */
export interface SendRequest {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  /** Secret values, such as those of custom headers, to be masked in `body` of the result. */
  secrets?: readonly string[];
}

/**
 * Milliseconds of each phase. One is missing when it was not reached, or when a pooled connection made it unnecessary.
 */
export interface SendPhases {
  dnsMs?: number;
  connectMs?: number;
  tlsMs?: number;
  firstByteMs?: number;
}

/** TLS parameters of the connection; times are RFC 3339. */
export interface SendTls {
  version: string;
  cipher?: string;
  subject?: string;
  issuer?: string;
  validFrom?: string;
  validTo?: string;
  /** SHA-256 of the certificate in hexadecimal with colons. */
  fingerprint256?: string;
}

/**
 * Result of resolving the host. `no-public-address` covers both names that do not exist and names that point inside.
 */
export interface SendDns {
  verdict: "literal" | "public" | "no-public-address" | "timeout" | "failed";
  /** Present only when all of them are public. */
  addresses?: readonly string[];
}

export type SendErrorClass = "dns" | "connect" | "tls" | "timeout" | "reset" | "protocol";

/**
 * Result of a POST. A status line counts as a response whatever follows it, so a 2xx with a stalled body is a success.
 * `refused` is a refusal by the egress guard, with its rule; `failed` means that no status was received. `body` is the
 * first KiB of the response as text; `address` is the one that was connected to.
 */
export type SendResult =
  | {
      kind: "answered";
      statusCode: number;
      retryAfter?: string;
      body: string;
      durationMs: number;
      address: string;
      tls?: SendTls;
      dns?: SendDns;
      phases: SendPhases;
    }
  | { kind: "refused"; rule: string; durationMs: number; dns?: SendDns }
  | {
      kind: "failed";
      errorClass: SendErrorClass;
      /** Error code of Node or OpenSSL, such as `CERT_HAS_EXPIRED`; never text of the receiver. */
      code?: string;
      durationMs: number;
      phases: SendPhases;
      address?: string;
      tls?: SendTls;
      dns?: SendDns;
    };

/** Sends requests through the egress guard. Never throws for errors of a receiver or the network. */
export interface Sender {
  send(request: SendRequest): Promise<SendResult>;
}
