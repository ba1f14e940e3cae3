import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import type { Clock } from "../../../lambdas/core/clock.ts";
import { textColumn } from "../../state.ts";
import { AwsError } from "../aws-service.ts";

const objectSchema = z.object({
  key: z.string(),
  /** Files that hold the content, in order: one, or one a part. */
  files: z.array(z.string()),
  size: z.number(),
  etag: z.string(),
  /** Headers that come back with the content: its type, encoding, disposition, and `x-amz-meta-…`. */
  headers: z.record(z.string(), z.string()),
  storedAt: z.number(),
});
export type StoredObject = z.infer<typeof objectSchema>;

export interface StoredFile {
  file: string;
  size: number;
  md5: string;
}

export interface ObjectStore {
  /** Writes content that no object names yet. */
  writeFile(content: Buffer): StoredFile;
  removeFiles(files: readonly string[]): void;
  put(bucket: string, object: StoredObject): void;
  find(bucket: string, key: string): StoredObject | undefined;
  /** @throws AwsError `NoSuchKey` */
  get(bucket: string, key: string): StoredObject;
  read(object: StoredObject): Buffer;
  remove(bucket: string, key: string): void;
  /** In the order of keys, after `after`. */
  list(bucket: string, prefix: string, after: string): StoredObject[];
}

/** Objects as files in `DIR/s3`, their names and headers as rows. `expiresAfterMs` says how long a bucket keeps its objects. */
export function openObjectStore(options: {
  dir: string;
  database: DatabaseSync;
  now: Clock;
  expiresAfterMs(bucket: string): number;
}): ObjectStore {
  const folder = join(options.dir, "s3");
  mkdirSync(folder, { recursive: true });
  const { database } = options;
  const select = database.prepare("SELECT document FROM objects WHERE bucket = ? AND object = ?");
  const selectAll = database.prepare(
    "SELECT document FROM objects WHERE bucket = ? AND object > ? ORDER BY object",
  );
  const upsert = database.prepare(
    "INSERT INTO objects VALUES (?, ?, ?) ON CONFLICT (bucket, object) DO UPDATE SET document = excluded.document",
  );
  const drop = database.prepare("DELETE FROM objects WHERE bucket = ? AND object = ?");

  const parse = (bucket: string, row: Record<string, unknown> | undefined): StoredObject | undefined => {
    const text = textColumn(row, "document");
    const object = text === undefined ? undefined : objectSchema.parse(JSON.parse(text));
    const isExpired =
      object !== undefined && object.storedAt + options.expiresAfterMs(bucket) <= options.now();
    return isExpired ? undefined : object;
  };
  const find = (bucket: string, key: string): StoredObject | undefined =>
    parse(bucket, select.get(bucket, key));
  const removeFiles = (files: readonly string[]): void => {
    for (const file of files) rmSync(join(folder, file), { force: true });
  };
  return {
    writeFile: (content) => {
      const file = randomUUID();
      writeFileSync(join(folder, file), content);
      return { file, size: content.length, md5: createHash("md5").update(content).digest("hex") };
    },
    removeFiles,
    put: (bucket, object) => {
      const before = find(bucket, object.key);
      upsert.run(bucket, object.key, JSON.stringify(object));
      removeFiles(before?.files ?? []);
    },
    find,
    get: (bucket, key) => {
      const object = find(bucket, key);
      if (object !== undefined) return object;
      throw new AwsError("NoSuchKey", "The specified key does not exist.", { statusCode: 404 });
    },
    read: (object) => Buffer.concat(object.files.map((file) => readFileSync(join(folder, file)))),
    remove: (bucket, key) => {
      const object = find(bucket, key);
      drop.run(bucket, key);
      removeFiles(object?.files ?? []);
    },
    list: (bucket, prefix, after) =>
      selectAll
        .all(bucket, after)
        .map((row) => parse(bucket, row))
        .filter((object) => object?.key.startsWith(prefix) === true)
        .filter((object) => object !== undefined),
  };
}
