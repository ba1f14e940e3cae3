import type { IncomingMessage, ServerResponse } from "node:http";
import type { Call } from "../../iam/evaluate.ts";
import { AwsError } from "../aws-service.ts";
import type { RawRoute } from "../http-endpoint.ts";
import type { MultipartUploads } from "./multipart.ts";
import type { ObjectStore } from "./object-store.ts";
import { presignedKey } from "./presigned.ts";
import { s3Operation, type S3Answer, type S3Request } from "./s3-operations.ts";
import { xmlDocument } from "./s3-xml.ts";

interface S3RouteOptions {
  buckets: ReadonlySet<string>;
  store: ObjectStore;
  uploads: MultipartUploads;
  now: () => number;
  /** Secret access key for verifying presigned URLs. */
  secret: string;
  /** @throws AwsError */
  authorise(accessKeyId: string | undefined, call: Call): void;
}

/** Parses a path-style URL, `/bucket/key`, the only form possible for an endpoint at an IP address. */
function parse(request: IncomingMessage, body: Buffer, url: URL): S3Request {
  const [bucket = "", ...rest] = url.pathname.slice(1).split("/");
  return { request, body, bucket, key: rest.map(decodeURIComponent).join("/"), query: url.searchParams };
}

function send(response: ServerResponse, answer: S3Answer): void {
  const length = answer.body === undefined ? 0 : Buffer.byteLength(answer.body);
  response.writeHead(answer.status, { "content-length": String(length), ...answer.headers });
  response.end(answer.body);
}

function sendError(response: ServerResponse, error: AwsError): void {
  const isDenied = error.code === "AccessDeniedException";
  const code = isDenied ? "AccessDenied" : error.code;
  const body = xmlDocument("Error", { Code: code, Message: error.message });
  send(response, {
    status: isDenied ? 403 : error.statusCode,
    headers: { "content-type": "application/xml" },
    body,
  });
}

function carryOut(
  options: S3RouteOptions,
  s3: S3Request,
  url: URL,
  accessKeyId: string | undefined,
): S3Answer {
  const operation = s3Operation(s3, options);
  if (operation === undefined) {
    throw new AwsError(
      "NotImplemented",
      `the local stack does not support ${s3.request.method} ${url.search}`,
      {
        statusCode: 501,
      },
    );
  }
  const prefix = s3.query.get("prefix");
  const isOnBucket = operation.action === "s3:ListBucket";
  options.authorise(accessKeyId ?? presignedKey(s3.request, url, options.secret, Date.now()), {
    action: operation.action,
    resource: `arn:aws:s3:::${s3.bucket}${isOnBucket ? "" : `/${s3.key || "*"}`}`,
    context: (key) => (key === "s3:prefix" && prefix !== null ? [prefix] : undefined),
  });
  return operation.run(s3);
}

/** S3 for the buckets of a stack. */
export function createS3Route(options: S3RouteOptions): RawRoute {
  return (request, body, response, accessKeyId) => {
    const url = URL.parse(request.url ?? "", "http://localhost");
    if (url === null) return false;
    const s3 = parse(request, body, url);
    if (!options.buckets.has(s3.bucket)) return false;
    try {
      send(response, carryOut(options, s3, url, accessKeyId));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      sendError(response, error);
    }
    return true;
  };
}
