/** One POST over HTTPS, as the deliver function asks for it. `body` is sent as it is: these bytes were signed. */
export interface SendRequest {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  /** Secret values, such as those of custom headers: what the receiver says of them is masked in `body` of the result. */
  secrets?: readonly string[];
}

/** Milliseconds each phase took; missing when it was not reached or a pooled connection had it behind itself. */
export interface SendPhases {
  dnsMs?: number;
  connectMs?: number;
  tlsMs?: number;
  firstByteMs?: number;
}

/** What was agreed with the receiver's TLS; times are RFC 3339. */
export interface SendTls {
  version: string;
  cipher?: string;
  subject?: string;
  issuer?: string;
  validFrom?: string;
  validTo?: string;
  /** SHA-256 of the certificate, hexadecimal with colons. */
  fingerprint256?: string;
}

/** What became of the host; `no-public-address` is the same for a name that does not exist and one that points inside. */
export interface SendDns {
  verdict: "literal" | "public" | "no-public-address" | "timeout" | "failed";
  /** Only when all of them are public. */
  addresses?: readonly string[];
}

export type SendErrorClass = "dns" | "connect" | "tls" | "timeout" | "reset" | "protocol";

/**
 * What a POST came to. A status line is an answer, whatever follows it: a body that drips after a 2xx is a success.
 * `refused` is the egress guard's own refusal, named by its rule; `failed` never got a status.
 * `body` is the first KiB of the answer as text; `address` is the one that was dialled.
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
      /** Node's or OpenSSL's name for it, such as `CERT_HAS_EXPIRED`: never a text of the receiver. */
      code?: string;
      durationMs: number;
      phases: SendPhases;
      address?: string;
      tls?: SendTls;
      dns?: SendDns;
    };

/** Sends to the world behind the egress guard. Never throws for what a receiver or the network does. */
export interface Sender {
  send(request: SendRequest): Promise<SendResult>;
}
