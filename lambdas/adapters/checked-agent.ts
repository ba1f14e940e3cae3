import { Agent, type RequestOptions } from "node:https";
import { createSecureContext, rootCertificates } from "node:tls";
import type { Duplex } from "node:stream";
import { callbackify } from "node:util";
import type { SendPhases } from "../core/delivery/send.ts";
import { type CheckedTarget, type Connect, dialChecked } from "./dial-checked.ts";

/**
 * Lambda freezes a function between invocations, so that an idle connection may be dead when the function continues.
 */
const IDLE_MS = 4000;
const MAX_IDLE_SOCKETS = 4;

export interface CheckedRequestOptions extends RequestOptions {
  checked: { target: CheckedTarget; phases: SendPhases; signal: AbortSignal };
}

/**
 * A connection pool that only connects to checked addresses. A connection is reused only for the same host, port
 * **and** set of addresses, which every request resolves and checks again. It trusts the public authorities that come
 * with Node, and `ca`, whatever the environment says.
 */
export class CheckedAgent extends Agent {
  readonly #connect: Connect;
  readonly #secureContext;
  readonly #idleSince = new WeakMap<object, number>();

  constructor(connect: Connect, ca: readonly string[]) {
    // First in, first out, because destroyed sockets are skipped only at the front of the queue.
    super({ keepAlive: true, timeout: IDLE_MS, maxFreeSockets: MAX_IDLE_SOCKETS, scheduling: "fifo" });
    this.#connect = connect;
    this.#secureContext = createSecureContext({ ca: [...rootCertificates, ...ca], minVersion: "TLSv1.2" });
    this.on("free", (socket: Duplex) => this.#idleSince.set(socket, performance.now()));
  }

  override getName(options?: CheckedRequestOptions): string {
    return options === undefined ? "" : poolName(options.checked.target);
  }

  override createConnection(
    { checked }: CheckedRequestOptions,
    callback: (error: Error | null, socket: Duplex) => void = () => undefined,
  ): undefined {
    const options = { ...checked, connect: this.#connect, secureContext: this.#secureContext };
    callbackify(() => dialChecked(checked.target, options))(callback);
  }

  /**
   * Closes connections that have been idle for too long, or all of one target. Timers do not run while a function is
   * frozen.
   */
  dropIdle(all?: CheckedTarget): void {
    const name = all === undefined ? undefined : poolName(all);
    for (const [key, sockets] of Object.entries(this.freeSockets)) {
      for (const socket of sockets ?? []) {
        const idleMs = performance.now() - (this.#idleSince.get(socket) ?? 0);
        if (key === name || idleMs > IDLE_MS) socket.destroy();
      }
    }
  }
}

function poolName({ host, port, addresses }: CheckedTarget): string {
  return `${host}|${port}|${addresses.toSorted().join(",")}`;
}
