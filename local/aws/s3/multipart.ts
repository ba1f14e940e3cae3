import { createHash, randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { textColumn } from "../../state.ts";
import { AwsError } from "../aws-service.ts";
import type { ObjectStore, StoredFile, StoredObject } from "./object-store.ts";

/** Every part but the last has at least so many bytes. */
const MIN_PART_BYTES = 5 * 1024 * 1024;

const uploadSchema = z.object({
  headers: z.record(z.string(), z.string()),
  parts: z.record(z.string(), z.object({ file: z.string(), size: z.number(), md5: z.string() })),
});
type Upload = z.infer<typeof uploadSchema>;

/** Uploads in parts that have not become objects yet. */
export interface MultipartUploads {
  start(bucket: string, key: string, headers: Record<string, string>): string;
  /** Answers the part's ETag. */
  addPart(uploadId: string, number: number, content: Buffer): string;
  /** `numbers` are the parts that make the object, ascending. */
  complete(
    place: { bucket: string; key: string; uploadId: string },
    numbers: readonly number[],
  ): StoredObject;
  abort(uploadId: string): void;
}

function partsOf(upload: Upload, numbers: readonly number[]): StoredFile[] {
  const parts = numbers.map((number) => upload.parts[number]).filter((part) => part !== undefined);
  const isAscending = numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
  if (parts.length !== numbers.length || parts.length === 0) {
    throw new AwsError("InvalidPart", "One or more of the specified parts could not be found.");
  }
  if (!isAscending) throw new AwsError("InvalidPartOrder", "The list of parts was not in ascending order.");
  if (parts.slice(0, -1).some((part) => part.size < MIN_PART_BYTES)) {
    throw new AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
  }
  return parts;
}

export function openMultipartUploads(
  database: DatabaseSync,
  store: ObjectStore,
  now: () => number,
): MultipartUploads {
  const select = database.prepare("SELECT document FROM uploads WHERE id = ?");
  const insert = database.prepare("INSERT INTO uploads VALUES (?, ?, ?, ?)");
  const update = database.prepare("UPDATE uploads SET document = ? WHERE id = ?");
  const drop = database.prepare("DELETE FROM uploads WHERE id = ?");

  const get = (uploadId: string): Upload => {
    const text = textColumn(select.get(uploadId), "document");
    if (text !== undefined) return uploadSchema.parse(JSON.parse(text));
    throw new AwsError("NoSuchUpload", "The specified multipart upload does not exist.", { statusCode: 404 });
  };
  return {
    start: (bucket, key, headers) => {
      const id = randomUUID();
      insert.run(id, bucket, key, JSON.stringify({ headers, parts: {} } satisfies Upload));
      return id;
    },
    addPart: (uploadId, number, content) => {
      const upload = get(uploadId);
      const replaced = upload.parts[number];
      const part = store.writeFile(content);
      update.run(JSON.stringify({ ...upload, parts: { ...upload.parts, [number]: part } }), uploadId);
      if (replaced !== undefined) store.removeFiles([replaced.file]);
      return `"${part.md5}"`;
    },
    complete: ({ bucket, key, uploadId }, numbers) => {
      const upload = get(uploadId);
      const parts = partsOf(upload, numbers);
      const digests = Buffer.concat(parts.map((part) => Buffer.from(part.md5, "hex")));
      const etag = `"${createHash("md5").update(digests).digest("hex")}-${parts.length}"`;
      const size = parts.reduce((sum, part) => sum + part.size, 0);
      const files = parts.map((part) => part.file);
      const object = { key, files, size, etag, headers: upload.headers, storedAt: now() };
      store.put(bucket, object);
      drop.run(uploadId);
      const unused = Object.values(upload.parts).filter((part) => !files.includes(part.file));
      store.removeFiles(unused.map((part) => part.file));
      return object;
    },
    abort: (uploadId) => {
      const upload = get(uploadId);
      drop.run(uploadId);
      store.removeFiles(Object.values(upload.parts).map((part) => part.file));
    },
  };
}
