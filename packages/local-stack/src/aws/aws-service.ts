/** One call as a service sees it: the JSON body (AWS JSON 1.0 or 1.1) and what `X-Amz-Target` said, `service.action`. */
export interface AwsCall {
  /** The target's prefix: `DynamoDB_20120810`, `AmazonSQS`, `secretsmanager`, `AWSEvents`. */
  service: string;
  action: string;
  input: Record<string, unknown>;
  /** `X-Amz-Security-Token` of the request: which instance of a function it is from. */
  session?: string | undefined;
  /** Aborted when the caller has gone: a long poll must not take messages for nobody. */
  signal?: AbortSignal;
}

export interface AwsErrorOptions {
  statusCode?: number;
  /** More properties of the error's JSON body. */
  extra?: Record<string, unknown>;
  /** What the query protocol called it; SQS clients put it into `error.Code`. */
  queryCode?: string;
}

/** An AWS service's refusal. `code` is the error's shape name, which becomes `error.name` in an SDK client. */
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

/** Thrown instead of an answer: the caller's connection is closed, and it does not know what became of its call. */
export class NoAnswerError extends Error {
  override name = "NoAnswerError";
}

/** A stand-in for one AWS service. Refuses with `AwsError`; any other exception is a fault of the stand-in. */
export interface AwsService {
  handle(call: AwsCall): Promise<Record<string, unknown>> | Record<string, unknown>;
}

/** Ends a subscription. */
export type Unsubscribe = () => void;
