import type { VirtualClock } from "../clock.ts";
import type { Disturbance } from "./disturbance.ts";
import type { Template } from "../template/template.ts";
import type { TokenRequest } from "../token.ts";

/** One line that a function wrote to stdout or stderr. */
export interface FunctionLogLine {
  /** Logical id. */
  function: string;
  stream: "stdout" | "stderr";
  line: string;
}

/** Facts about the machine that a function cannot know otherwise. */
export interface Machine {
  /** Certificate authorities (PEM) of this machine: that of the data folder and those in `NODE_EXTRA_CA_CERTS`. */
  ca: readonly string[];
  /** The stack's time is `virtualStart + (Date.now() - realStart) * scale`. */
  clock: VirtualClock["anchor"];
}

/** What `startRuntime` needs to run a synthesised stack. */
export interface RuntimeOptions {
  /** Folder of the cloud assembly (`cdk.out`). */
  cdkOut: string;
  /** Name of the stack; required if the assembly has several. */
  stack?: string;
  /** Folder for everything that is kept between runs. Only one runtime can use it at a time. */
  dir: string;
  /** Port of the HTTP API on 127.0.0.1. Default 0: a free port. */
  port?: number;
  /** Port of the endpoint for AWS calls. Default 0: a free port. */
  awsPort?: number;
  /** How many times faster than real time the stack's clock runs. At least 1, which is the default. */
  timeScale?: number;
  /** Maximum number of instances of one function, whatever concurrency the template allows. */
  maxWorkers?: number;
  /**
   * Returns what functions find in `workerData` of `node:worker_threads`, which is null in Lambda. This is the only way
   * for code to detect that it runs locally, because its environment is that of the template.
   */
  workerData?: (machine: Machine) => Readonly<Record<string, unknown>>;
  /** Changes the template before it runs, for example to remove a permission in a test. */
  editTemplate?: (template: Template) => Template;
  /** Faults that a test harness causes. */
  disturb?: Disturbance;
  onLog?: (line: FunctionLogLine) => void;
  /** Called with errors that no request reports: a failed invocation, a refused call. */
  onProblem?: (problem: RuntimeProblem) => void;
}

/**
 * An AWS call that a role of the template does not allow. `principal` is the logical id of the function or other
 * resource that called.
 */
export interface Denial {
  principal: string;
  action: string;
  resource: string;
  message: string;
}

export type RuntimeProblem =
  | { kind: "denied"; denial: Denial }
  | { kind: "invocation-failed"; function: string; source: string; error: string };

/** A running stack. */
export interface Runtime {
  /** `http://127.0.0.1:PORT` without a trailing slash. */
  apiUrl: string;
  /** The value of `AWS_ENDPOINT_URL` for clients of this stack. They use the access key `LOCALADMIN` and any secret. */
  awsEndpointUrl: string;
  dir: string;
  clock: VirtualClock;
  /** Outputs of the template by name. */
  outputs: Readonly<Record<string, string>>;
  /** The value of `Ref` for each resource by logical id: table names, queue URLs, function names. */
  resources: Readonly<Record<string, string>>;
  /** AWS calls refused so far, oldest first. */
  denials: readonly Denial[];
  /** A bearer token that the authorisers of the HTTP API accept. */
  token(request: TokenRequest): Promise<string>;
  /** Invokes a function by its logical id or an unambiguous beginning of it. Throws `InvocationError` if it fails. */
  invoke(functionId: string, payload: unknown): Promise<unknown>;
  /** Logical ids of one resource type that begin with `prefix`. */
  find(type: string, prefix?: string): string[];
  /** Resolves when no invocation runs, streams are read to their end and no queue has a visible message. */
  waitIdle(timeoutMs?: number): Promise<void>;
  /**
   * Lets running invocations finish for a short time, then ends everything. Unfinished events are processed after the
   * next start.
   */
  stop(): Promise<void>;
}
