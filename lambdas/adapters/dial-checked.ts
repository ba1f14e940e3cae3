import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type SecureContext, type TLSSocket } from "node:tls";
import { isSameAddress } from "../core/egress/egress-address.ts";
import type { SendErrorClass, SendPhases } from "../core/delivery/send.ts";

/** For all addresses together. */
export const CONNECT_TIMEOUT_MS = 3000;
/** After this time the next address is tried. */
const NEXT_ADDRESS_MS = 1000;
const MAX_ADDRESSES = 3;

/** Opens a TCP connection to an IP address. */
export type Connect = (target: { host: string; port: number }) => Socket;

export const connectDirectly: Connect = ({ host, port }) =>
  connectTcp({ host, port, autoSelectFamily: false });

/** A target that the egress guard has checked. No name is resolved after this point. */
export interface CheckedTarget {
  /** The name or address that the certificate must be valid for. */
  host: string;
  hostIs: "name" | "address";
  port: number;
  addresses: readonly string[];
}

export interface DialOptions {
  connect: Connect;
  secureContext: SecureContext;
  phases: SendPhases;
  signal: AbortSignal;
}

/** Thrown when no connection was established. The `errorClass` `address-changed` is a refusal of the guard. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
  readonly errorClass: SendErrorClass | "address-changed";
  /** The code of Node or OpenSSL, such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`. */
  readonly code: string | undefined;

  constructor(errorClass: SendErrorClass | "address-changed", code?: string) {
    super(errorClass);
    this.errorClass = errorClass;
    this.code = code;
  }
}

/** Connects to one of the checked addresses and to no other, and establishes TLS for the host's name. */
export async function dialChecked(target: CheckedTarget, options: DialOptions): Promise<TLSSocket> {
  const started = performance.now();
  const socket = await dialFirst(target, options, started + CONNECT_TIMEOUT_MS);
  const connected = performance.now();
  options.phases.connectMs = Math.round(connected - started);
  const secure = await secureSocket(socket, target, options);
  options.phases.tlsMs = Math.round(performance.now() - connected);
  return secure;
}

async function dialFirst(target: CheckedTarget, options: DialOptions, deadline: number): Promise<Socket> {
  const addresses = target.addresses.slice(0, MAX_ADDRESSES);
  for (const [index, address] of addresses.entries()) {
    const isLast = index === addresses.length - 1;
    const left = deadline - performance.now();
    try {
      return await dialAddress(
        address,
        target.port,
        isLast ? left : Math.min(left, NEXT_ADDRESS_MS),
        options,
      );
    } catch (error) {
      if (isLast || options.signal.aborted || isAddressChange(error)) throw error;
    }
  }
  throw new ConnectionError("connect");
}

function isAddressChange(error: unknown): boolean {
  return error instanceof ConnectionError && error.errorClass === "address-changed";
}

function dialAddress(
  address: string,
  port: number,
  milliseconds: number,
  options: DialOptions,
): Promise<Socket> {
  const socket = options.connect({ host: address, port });
  return settle(socket, options.signal, {
    readyEvent: "connect",
    milliseconds,
    failedAs: "connect",
    check: () => {
      // Checked before the first byte is written, in case a proxy or resolver in between connected elsewhere.
      if (!isSameAddress(socket.remoteAddress ?? "", address)) throw new ConnectionError("address-changed");
    },
  });
}

function secureSocket(
  socket: Socket,
  { host, hostIs }: CheckedTarget,
  options: DialOptions,
): Promise<TLSSocket> {
  const secure = connectTls({
    socket,
    host,
    // RFC 6066 section 3: an IP address is no server name. The certificate is then verified against `host`.
    servername: hostIs === "name" ? host : "",
    ALPNProtocols: ["http/1.1"],
    secureContext: options.secureContext,
    // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED would change the default.
    rejectUnauthorized: true,
  });
  return settle(secure, options.signal, { readyEvent: "secureConnect", failedAs: "tls" });
}

interface Settling {
  readyEvent: "connect" | "secureConnect";
  failedAs: SendErrorClass;
  milliseconds?: number;
  check?: () => void;
}

/**
 * Resolves with the socket once it is ready. The socket is destroyed if it fails, takes too long, or is no longer
 * needed.
 */
function settle<S extends Socket>(socket: S, signal: AbortSignal, settling: Settling): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>();
  const fail = (error: ConnectionError): void => {
    reject(error);
    socket.destroy();
  };
  const onAbort = (): void => fail(new ConnectionError("timeout"));
  const onError = (error: Error): void => fail(connectionError(error, settling.failedAs));
  const onClose = (): void => fail(new ConnectionError("reset"));
  const timer =
    settling.milliseconds === undefined ? undefined : setTimeout(onAbort, Math.max(0, settling.milliseconds));
  // Stays attached, so that a later error finds a listener; `reject` has no effect any more by then.
  socket.on("error", onError);
  socket.once("close", onClose);
  socket.once(settling.readyEvent, () => {
    try {
      settling.check?.();
      resolve(socket);
    } catch (error) {
      fail(error instanceof ConnectionError ? error : new ConnectionError(settling.failedAs));
    }
  });
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    clearTimeout(timer);
    socket.off("close", onClose);
    signal.removeEventListener("abort", onAbort);
  });
}

const RESET_CODES = new Set(["ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"]);

/** Classifies an error of Node. Its message is left out, since it may contain addresses and text of the receiver. */
export function connectionError(error: Error, otherwise: SendErrorClass): ConnectionError {
  if (error instanceof ConnectionError) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code === "ETIMEDOUT") return new ConnectionError("timeout", code);
  if (code?.startsWith("HPE_") === true) return new ConnectionError("protocol", code);
  return new ConnectionError(code !== undefined && RESET_CODES.has(code) ? "reset" : otherwise, code);
}
