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

/** What a function cannot know of the machine that it runs on. */
export interface Machine {
  /** Certificate authorities (PEM) of this machine: the data folder's own and those of `NODE_EXTRA_CA_CERTS`. */
  ca: readonly string[];
  /** The stack's time is `virtualStart + (Date.now() - realStart) * scale`. */
  clock: VirtualClock["anchor"];
}

/** What `startRuntime` needs to run a synthesised stack. */
export interface RuntimeOptions {
  /** Folder of the cloud assembly (`cdk.out`). */
  cdkOut: string;
  /** Name of the stack; needed when the assembly has several. */
  stack?: string;
  /** Folder that keeps everything between two starts. One runtime at a time. */
  dir: string;
  /** Of the HTTP API on 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
  /** Of the endpoint for AWS calls; 0, the default, takes a free one. */
  awsPort?: number;
  /** How many times faster than real time the one clock runs. At least 1, the default. */
  timeScale?: number;
  /** Most workers of one function, whatever concurrency the template allows it. */
  maxWorkers?: number;
  /**
   * What functions find in `workerData` of `node:worker_threads`: the only way to tell code that it runs locally, since
   * its environment is the template's. `workerData` is null in Lambda.
   */
  workerData?: (machine: Machine) => Readonly<Record<string, unknown>>;
  /** Changes the template before it runs: a test takes a grant away. */
  editTemplate?: (template: Template) => Template;
  /** Faults that a harness brings about. */
  disturb?: Disturbance;
  onLog?: (line: FunctionLogLine) => void;
  /** What went wrong outside of any request: a failed invocation, a refused call. */
  onProblem?: (problem: RuntimeProblem) => void;
}

/** An AWS call that the role in the template does not allow. `principal` is a function's logical id, or what called for it. */
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
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  apiUrl: string;
  /** What `AWS_ENDPOINT_URL` is for a client of this stack; its access key is `LOCALADMIN`, any secret. */
  awsEndpointUrl: string;
  dir: string;
  clock: VirtualClock;
  /** Outputs of the template by name. */
  outputs: Readonly<Record<string, string>>;
  /** What `Ref` gives for each resource: table names, queue URLs, function names by logical id. */
  resources: Readonly<Record<string, string>>;
  /** Refused AWS calls so far, oldest first. */
  denials: readonly Denial[];
  /** A bearer token that the authorisers of the HTTP API accept. */
  token(request: TokenRequest): Promise<string>;
  /** Runs a function by its logical id, or by an unambiguous beginning of it; throws `InvocationError` when it fails. */
  invoke(functionId: string, payload: unknown): Promise<unknown>;
  /** Logical ids of resources of one type whose id begins with `prefix`. */
  find(type: string, prefix?: string): string[];
  /** Resolves when no invocation runs, streams are read to their end and no queue has a visible message. */
  waitIdle(timeoutMs?: number): Promise<void>;
  /** Lets running invocations finish for a few seconds, then ends everything. What they had not finished comes again. */
  stop(): Promise<void>;
}
