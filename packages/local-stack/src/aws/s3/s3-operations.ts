import type { IncomingMessage } from "node:http";
import { contentOf } from "./aws-chunked.ts";
import type { MultipartUploads } from "./multipart.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import { xmlDocument, xmlTexts } from "./s3-xml.ts";

/** A parsed request of S3's REST interface. `key` is empty if it concerns the bucket. */
export interface S3Request {
  request: IncomingMessage;
  body: Buffer;
  bucket: string;
  key: string;
  query: URLSearchParams;
}

export interface S3Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** An operation, with the permission that it needs. */
export interface S3Operation {
  action: string;
  run(request: S3Request): S3Answer;
}

const MAX_KEYS = 1000;
const KEPT_HEADERS: ReadonlySet<string> = new Set([
  "content-type",
  "content-encoding",
  "content-disposition",
  "cache-control",
  "content-language",
]);

function keptHeaders(request: IncomingMessage): Record<string, string> {
  const kept = Object.entries(request.headers).filter(
    ([name]) => KEPT_HEADERS.has(name) || name.startsWith("x-amz-meta-"),
  );
  const headers = Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
  // The framing of the upload is not an encoding of the object.
  const encoding = headers["content-encoding"]?.replace(/^aws-chunked,?\s*/, "");
  if (encoding === "") delete headers["content-encoding"];
  else if (encoding !== undefined) headers["content-encoding"] = encoding;
  return headers;
}

function xml(root: string, value: Parameters<typeof xmlDocument>[1]): S3Answer {
  return { status: 200, headers: { "content-type": "application/xml" }, body: xmlDocument(root, value) };
}

function contentHeaders(object: StoredObject, query: URLSearchParams): Record<string, string> {
  const disposition = query.get("response-content-disposition");
  const type = query.get("response-content-type");
  return {
    ...object.headers,
    ...(disposition !== null && { "content-disposition": disposition }),
    ...(type !== null && { "content-type": type }),
    "content-length": String(object.size),
    etag: object.etag,
    "last-modified": new Date(object.storedAt).toUTCString(),
    "accept-ranges": "bytes",
  };
}

const RANGE = /^bytes=(\d+)-(\d*)$/;

function getObject(store: ObjectStore, { request, bucket, key, query }: S3Request): S3Answer {
  const object = store.get(bucket, key);
  const headers = contentHeaders(object, query);
  if (request.method === "HEAD") return { status: 200, headers };
  const content = store.read(object);
  const range = RANGE.exec(request.headers.range ?? "");
  if (range === null) return { status: 200, headers, body: content };
  const from = Number(range[1]);
  const to = range[2] === "" ? content.length - 1 : Math.min(Number(range[2]), content.length - 1);
  const part = content.subarray(from, to + 1);
  const partial = {
    "content-length": String(part.length),
    "content-range": `bytes ${from}-${to}/${content.length}`,
  };
  return { status: 206, headers: { ...headers, ...partial }, body: part };
}

function putObject(store: ObjectStore, now: () => number, s3: S3Request): S3Answer {
  const { file, size, md5 } = store.writeFile(contentOf(s3.request, s3.body));
  const etag = `"${md5}"`;
  store.put(s3.bucket, {
    key: s3.key,
    files: [file],
    size,
    etag,
    headers: keptHeaders(s3.request),
    storedAt: now(),
  });
  return { status: 200, headers: { etag } };
}

function listObjects(store: ObjectStore, { bucket, query }: S3Request): S3Answer {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
  const maxKeys = Math.min(Number(query.get("max-keys") ?? MAX_KEYS), MAX_KEYS);
  const found = store.list(bucket, prefix, after);
  const page = found.slice(0, maxKeys);
  const isTruncated = found.length > page.length;
  return xml("ListBucketResult", {
    Name: bucket,
    Prefix: prefix,
    KeyCount: page.length,
    MaxKeys: maxKeys,
    IsTruncated: isTruncated,
    NextContinuationToken: isTruncated ? page.at(-1)?.key : undefined,
    Contents: page.map((object) => ({
      Key: object.key,
      LastModified: new Date(object.storedAt).toISOString(),
      ETag: object.etag,
      Size: object.size,
      StorageClass: "STANDARD",
    })),
  });
}

function completeUpload(uploads: MultipartUploads, { body, bucket, key, query }: S3Request): S3Answer {
  const numbers = xmlTexts(body.toString("utf8"), "PartNumber").map(Number);
  const object = uploads.complete({ bucket, key, uploadId: query.get("uploadId") ?? "" }, numbers);
  return xml("CompleteMultipartUploadResult", { Bucket: bucket, Key: key, ETag: object.etag });
}

/** Operations by the request that asks for them. */
const ACTIONS = {
  "GET object": "GetObject",
  "HEAD object": "HeadObject",
  "PUT object": "PutObject",
  "DELETE object": "DeleteObject",
  "POST object uploads": "CreateMultipartUpload",
  "PUT object uploadId": "UploadPart",
  "POST object uploadId": "CompleteMultipartUpload",
  "DELETE object uploadId": "AbortMultipartUpload",
  "GET bucket list-type": "ListObjectsV2",
  "HEAD bucket": "HeadBucket",
  "POST bucket delete": "DeleteObjects",
} as const;
type S3RequestKind = keyof typeof ACTIONS;

/** Actions that clients may call. */
export const S3_ACTIONS: readonly string[] = Object.values(ACTIONS);

const isKnown = (kind: string): kind is S3RequestKind => Object.hasOwn(ACTIONS, kind);

/** The operation that a request asks for; undefined if the stand-in does not have it. */
export function s3Operation(
  { request, key, query }: S3Request,
  context: { store: ObjectStore; uploads: MultipartUploads; now: () => number },
): S3Operation | undefined {
  const { store, uploads, now } = context;
  const operations: Readonly<Record<S3RequestKind, S3Operation>> = {
    "GET object": { action: "s3:GetObject", run: (s3) => getObject(store, s3) },
    "HEAD object": { action: "s3:GetObject", run: (s3) => getObject(store, s3) },
    "PUT object": { action: "s3:PutObject", run: (s3) => putObject(store, now, s3) },
    "DELETE object": {
      action: "s3:DeleteObject",
      run: (s3) => {
        store.remove(s3.bucket, s3.key);
        return { status: 204 };
      },
    },
    "POST object uploads": {
      action: "s3:PutObject",
      run: (s3) =>
        xml("InitiateMultipartUploadResult", {
          Bucket: s3.bucket,
          Key: s3.key,
          UploadId: uploads.start(s3.bucket, s3.key, keptHeaders(s3.request)),
        }),
    },
    "PUT object uploadId": {
      action: "s3:PutObject",
      run: (s3) => {
        const number = Number(s3.query.get("partNumber"));
        const etag = uploads.addPart(s3.query.get("uploadId") ?? "", number, contentOf(s3.request, s3.body));
        return { status: 200, headers: { etag } };
      },
    },
    "POST object uploadId": { action: "s3:PutObject", run: (s3) => completeUpload(uploads, s3) },
    "DELETE object uploadId": {
      action: "s3:AbortMultipartUpload",
      run: (s3) => {
        uploads.abort(s3.query.get("uploadId") ?? "");
        return { status: 204 };
      },
    },
    "GET bucket list-type": { action: "s3:ListBucket", run: (s3) => listObjects(store, s3) },
    "HEAD bucket": { action: "s3:ListBucket", run: () => ({ status: 200 }) },
    "POST bucket delete": {
      action: "s3:DeleteObject",
      run: (s3) => {
        const keys = xmlTexts(s3.body.toString("utf8"), "Key");
        for (const one of keys) store.remove(s3.bucket, one);
        return xml("DeleteResult", { Deleted: keys.map((one) => ({ Key: one })) });
      },
    },
  };
  const sub = ["uploads", "uploadId", "list-type", "delete"].find((name) => query.has(name));
  const kind = [request.method, key === "" ? "bucket" : "object", sub].filter(Boolean).join(" ");
  return isKnown(kind) ? operations[kind] : undefined;
}
