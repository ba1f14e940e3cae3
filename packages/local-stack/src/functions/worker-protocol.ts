/** What a worker thread needs to become an instance of one function: `workerData.instance`. */
export interface InstanceData {
  /** Folder of the bundle, module of the handler in it, and the name of the export. */
  folder: string;
  module: string;
  exportName: string;
  /** Folder that keeps compiled code between two starts. */
  compileCache: string;
  functionName: string;
  functionArn: string;
  memoryMegabytes: number;
  logGroup: string;
  logStream: string;
  /** Whether no request waits for the function, so that it only gets processor time that no other thread wants. */
  isBackground: boolean;
}

/** Events and results are passed as JSON text, so that they are copied once and each side parses only what it needs. */
export interface InvokeMessage {
  requestId: string;
  event: string;
  /** Milliseconds of real time since 1970. */
  deadline: number;
}

export interface InvocationFailure {
  kind: "failed";
  errorType: string;
  errorMessage: string;
  trace: string[];
}

export type InstanceMessage = { kind: "ready" } | { kind: "done"; result: string } | InvocationFailure;
