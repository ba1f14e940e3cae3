/** Thrown by `startRuntime` when another process listens on the requested port. */
export class PortTakenError extends Error {
  readonly port: number;
  constructor(port: number) {
    super(`port ${port} on 127.0.0.1 is taken by another process`);
    this.name = "PortTakenError";
    this.port = port;
  }
}

/** Thrown by `startRuntime` when a running runtime already uses the data folder. */
export class DataFolderInUseError extends Error {
  readonly dir: string;
  readonly pid: number;
  constructor(dir: string, pid: number) {
    super(`the data folder ${dir} is in use by process ${pid}`);
    this.name = "DataFolderInUseError";
    this.dir = dir;
    this.pid = pid;
  }
}

/** Thrown when a data folder's signing key is malformed: truncated, or changed by hand. */
export class SigningKeyError extends Error {
  constructor(file: string) {
    super(
      `${file} holds no signing key. Remove it: another one is made, and tokens signed with the old one are refused.`,
    );
    this.name = "SigningKeyError";
  }
}

/**
 * Thrown when the template contains something that the runtime does not support, because it would then not run what is
 * deployed.
 */
export class UnknownTemplateError extends Error {
  constructor(where: string, what: string) {
    super(`${where}: ${what}, which the local stack does not support`);
    this.name = "UnknownTemplateError";
  }
}

/** Thrown by `startRuntime` when a mapping, schedule or route lacks a permission that it needs. */
export class MissingGrantError extends Error {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  constructor(principal: string, action: string, resource: string) {
    super(`${principal} may not ${action} on ${resource}: its role in the template does not allow it`);
    this.name = "MissingGrantError";
    this.principal = principal;
    this.action = action;
    this.resource = resource;
  }
}

/** Thrown by `invoke` when the function threw, ran out of time or memory, or could not be loaded. */
export class InvocationError extends Error {
  readonly functionId: string;
  readonly errorType: string;
  constructor(functionId: string, errorType: string, message: string) {
    super(`${functionId}: ${errorType}: ${message}`);
    this.name = "InvocationError";
    this.functionId = functionId;
    this.errorType = errorType;
  }
}
