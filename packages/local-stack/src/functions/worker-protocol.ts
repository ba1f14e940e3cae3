/** What a worker thread needs to become an instance of one function; `workerData.instance`. */
export interface InstanceData {
  /** Folder of the bundle, module of the handler in it, and the name that it exports. */
  folder: string;
  module: string;
  exportName: string;
  /** Where compiled code is kept between two starts. */
  compileCache: string;
  functionName: string;
  functionArn: string;
  memoryMegabytes: number;
  logGroup: string;
  logStream: string;
  /** Nobody waits for what it does: it gets the processor when no other thread wants it. */
  isBackground: boolean;
}

/** Events and results travel as JSON text: one copy, and each side parses only what it must. */
export interface InvokeMessage {
  requestId: string;
  event: string;
  /** Real time, milliseconds since 1970. */
  deadline: number;
}

export interface InvocationFailure {
  kind: "failed";
  errorType: string;
  errorMessage: string;
  trace: string[];
}

export type InstanceMessage = { kind: "ready" } | { kind: "done"; result: string } | InvocationFailure;
