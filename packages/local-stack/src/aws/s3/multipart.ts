import { createHash, randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { textColumn } from "../../runtime/state.ts";
import { AwsError } from "../aws-service.ts";
import type { ObjectStore, StoredFile, StoredObject } from "./object-store.ts";

/** Minimum size of every part but the last. */
const MIN_PART_BYTES = 5 * 1024 * 1024;

const uploadSchema = z.object({
  headers: z.record(z.string(), z.string()),
  parts: z.record(z.string(), z.object({ file: z.string(), size: z.number(), md5: z.string() })),
});
type Upload = z.infer<typeof uploadSchema>;

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

function prepareStatements(database: DatabaseSync) {
  return {
    select: database.prepare("SELECT document FROM uploads WHERE id = ?"),
    insert: database.prepare("INSERT INTO uploads VALUES (?, ?, ?, ?)"),
    update: database.prepare("UPDATE uploads SET document = ? WHERE id = ?"),
    drop: database.prepare("DELETE FROM uploads WHERE id = ?"),
  };
}

/** Multipart uploads that are not completed yet. */
export class MultipartUploads {
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #store: ObjectStore;
  readonly #now: () => number;

  constructor(database: DatabaseSync, store: ObjectStore, now: () => number) {
    this.#statements = prepareStatements(database);
    this.#store = store;
    this.#now = now;
  }

  /** Returns the id of the upload. */
  start(bucket: string, key: string, headers: Record<string, string>): string {
    const id = randomUUID();
    const upload: Upload = { headers, parts: {} };
    this.#statements.insert.run(id, bucket, key, JSON.stringify(upload));
    return id;
  }

  /** Returns the ETag of the part. */
  addPart(uploadId: string, number: number, content: Buffer): string {
    const upload = this.#get(uploadId);
    const replaced = upload.parts[number];
    const part = this.#store.writeFile(content);
    const changed: Upload = { ...upload, parts: { ...upload.parts, [number]: part } };
    this.#statements.update.run(JSON.stringify(changed), uploadId);
    if (replaced !== undefined) this.#store.removeFiles([replaced.file]);
    return `"${part.md5}"`;
  }

  /** `numbers` are the parts of the object in ascending order. */
  complete(
    { bucket, key, uploadId }: { bucket: string; key: string; uploadId: string },
    numbers: readonly number[],
  ): StoredObject {
    const upload = this.#get(uploadId);
    const parts = partsOf(upload, numbers);
    const digests = Buffer.concat(parts.map((part) => Buffer.from(part.md5, "hex")));
    const files = parts.map((part) => part.file);
    const object = {
      key,
      files,
      size: parts.reduce((sum, part) => sum + part.size, 0),
      etag: `"${createHash("md5").update(digests).digest("hex")}-${parts.length}"`,
      headers: upload.headers,
      storedAt: this.#now(),
    };
    this.#store.put(bucket, object);
    this.#statements.drop.run(uploadId);
    const unused = Object.values(upload.parts).filter((part) => !files.includes(part.file));
    this.#store.removeFiles(unused.map((part) => part.file));
    return object;
  }

  abort(uploadId: string): void {
    const upload = this.#get(uploadId);
    this.#statements.drop.run(uploadId);
    this.#store.removeFiles(Object.values(upload.parts).map((part) => part.file));
  }

  #get(uploadId: string): Upload {
    const text = textColumn(this.#statements.select.get(uploadId), "document");
    if (text !== undefined) return uploadSchema.parse(JSON.parse(text));
    throw new AwsError("NoSuchUpload", "The specified multipart upload does not exist.", { statusCode: 404 });
  }
}
