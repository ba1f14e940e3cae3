import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readBody } from "../read-body.ts";
import { AwsError, NoAnswerError, type AwsCall, type AwsService } from "./aws-service.ts";

/** SQS accepts 1 MiB of messages per call as JSON, and BatchWriteItem 16 MiB. No valid request is larger. */
const MAX_BODY_BYTES = 24 * 1024 * 1024;

/** A service with a REST protocol (Lambda, S3). Returns whether it has answered the request. */
export type RawRoute = (
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  accessKeyId: string | undefined,
) => Promise<boolean> | boolean;

export interface HttpEndpointOptions {
  /** By the prefix of `X-Amz-Target`: `DynamoDB_20120810`, `AmazonSQS`, `secretsmanager`, `AWSEvents`. */
  services: Readonly<Record<string, AwsService>>;
  /** Throws an `AwsError` to refuse a call. `accessKeyId` comes from the request's signature, which is not verified. */
  authorise?: (call: AwsCall, accessKeyId: string | undefined) => void | Promise<void>;
  /** Tried in order for requests without `X-Amz-Target`. */
  routes?: readonly RawRoute[];
  /** Called with a fault of a stand-in, which is answered with 500. */
  onFault?: (error: unknown, call: AwsCall | undefined) => void;
  /** Port on 127.0.0.1. Default 0: a free port. */
  port?: number;
}

export interface HttpEndpoint {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  server: Server;
  close(): Promise<void>;
}

async function readRequest(request: IncomingMessage): Promise<Buffer> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body !== undefined) return body;
  throw new AwsError("RequestEntityTooLarge", `a request has at most ${MAX_BODY_BYTES} bytes`, {
    statusCode: 413,
  });
}

/** The access key of a Signature Version 4 header; undefined for an anonymous request. */
export function accessKeyOf(request: IncomingMessage): string | undefined {
  return /Credential=([^/,\s]+)\//.exec(request.headers.authorization ?? "")?.[1];
}

function parseInput(body: Buffer): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = body.length === 0 ? {} : JSON.parse(body.toString("utf8"));
  } catch {
    throw new AwsError("SerializationException", "the body is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new AwsError("SerializationException", "the body is not a JSON object");
  }
  return { ...parsed };
}

function callOf(request: IncomingMessage, body: Buffer, signal: AbortSignal): AwsCall | undefined {
  const target = request.headers["x-amz-target"];
  if (typeof target !== "string") return undefined;
  const dot = target.lastIndexOf(".");
  const token = request.headers["x-amz-security-token"];
  const session = typeof token === "string" ? token : undefined;
  return {
    service: target.slice(0, dot),
    action: target.slice(dot + 1),
    input: parseInput(body),
    session,
    signal,
  };
}

function unknownOperation(what: string): AwsError {
  return new AwsError("UnknownOperationException", `no local service answers ${what}`);
}

let requests = 0;

/** Writes a JSON response as AWS does. An error has its shape in `__type`, and SQS's older code for it in a header. */
export function answerJson(
  response: ServerResponse,
  statusCode: number,
  contentType: string,
  body: Record<string, unknown>,
  queryError?: string,
): void {
  const text = JSON.stringify(body);
  requests += 1;
  response.writeHead(statusCode, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(text),
    "x-amzn-requestid": `local-${requests}`,
    ...(queryError === undefined ? {} : { "x-amzn-query-error": queryError }),
  });
  response.end(text);
}

function answerError(response: ServerResponse, contentType: string, error: unknown): void {
  if (!(error instanceof AwsError)) {
    const message = error instanceof Error ? error.message : "an unknown fault";
    answerJson(response, 500, contentType, { __type: "InternalServerError", message });
    return;
  }
  const body = { __type: error.code, message: error.message, ...error.extra };
  const queryError = error.queryCode === undefined ? undefined : `${error.queryCode};Sender`;
  answerJson(response, error.statusCode, contentType, body, queryError);
}

async function dispatch(
  options: HttpEndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const contentType = request.headers["content-type"] ?? "application/x-amz-json-1.0";
  const accessKeyId = accessKeyOf(request);
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  let call: AwsCall | undefined;
  try {
    const body = await readRequest(request);
    call = callOf(request, body, gone.signal);
    if (call === undefined) {
      for (const route of options.routes ?? []) {
        if (await route(request, body, response, accessKeyId)) return;
      }
      throw unknownOperation(`${request.method} ${request.url}`);
    }
    await options.authorise?.(call, accessKeyId);
    const service = options.services[call.service];
    if (service === undefined) throw unknownOperation(`${call.service}.${call.action}`);
    answerJson(response, 200, contentType, await service.handle(call));
  } catch (error) {
    if (error instanceof NoAnswerError) return void response.destroy();
    if (!(error instanceof AwsError)) options.onFault?.(error, call);
    if (response.headersSent) response.destroy();
    else answerError(response, contentType, error);
  }
}

/** Serves stand-ins to SDK clients on loopback. */
export async function startHttpEndpoint(options: HttpEndpointOptions): Promise<HttpEndpoint> {
  const server = createServer((request, response) => void dispatch(options, request, response));
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the endpoint has no port");
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${address.port}`, server, close };
}
