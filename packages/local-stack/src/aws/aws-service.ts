/** One call as a service sees it: the JSON body (AWS JSON 1.0 or 1.1) and what `X-Amz-Target` said, `service.action`. */
export interface AwsCall {
  /** The target's prefix: `DynamoDB_20120810`, `AmazonSQS`, `secretsmanager`, `AWSEvents`. */
  service: string;
  action: string;
  input: Record<string, unknown>;
  /** `X-Amz-Security-Token` of the request, which identifies the instance of a function that sent it. */
  session?: string | undefined;
  /** Aborted when the caller has disconnected, so that a long poll takes no messages that nobody would receive. */
  signal?: AbortSignal;
}

export interface AwsErrorOptions {
  statusCode?: number;
  /** Further properties of the error's JSON body. */
  extra?: Record<string, unknown>;
  /** The error's code in the query protocol, which SQS clients put into `error.Code`. */
  queryCode?: string;
}

/**
 * An error response of an AWS service. `code` is the name of the error's shape, which becomes `error.name` in an SDK
 * client.
 */
export class AwsError extends Error {
  readonly code: string;
  readonly statusCode: number;
  readonly extra: Record<string, unknown>;
  readonly queryCode: string | undefined;
  constructor(code: string, message: string, options: AwsErrorOptions = {}) {
    super(message);
    this.name = "AwsError";
    this.code = code;
    this.statusCode = options.statusCode ?? 400;
    this.extra = options.extra ?? {};
    this.queryCode = options.queryCode;
  }
}

/**
 * Thrown to send no response: the connection is closed, and the caller does not learn whether its call was carried out.
 */
export class NoAnswerError extends Error {
  override name = "NoAnswerError";
}

/** A stand-in for one AWS service. It refuses calls with `AwsError`; any other exception is a fault of the stand-in. */
export interface AwsService {
  handle(call: AwsCall): Promise<Record<string, unknown>> | Record<string, unknown>;
}

/** Ends a subscription. */
export type Unsubscribe = () => void;
