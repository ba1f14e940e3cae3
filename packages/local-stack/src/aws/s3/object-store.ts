import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import type { Clock } from "../../clock.ts";
import { textColumn } from "../../runtime/state.ts";
import { AwsError } from "../aws-service.ts";

const objectSchema = z.object({
  key: z.string(),
  /** Files with the content, in order: one, or one for each part. */
  files: z.array(z.string()),
  size: z.number(),
  etag: z.string(),
  /** Headers that are returned with the content: its type, encoding, disposition, and `x-amz-meta-…`. */
  headers: z.record(z.string(), z.string()),
  storedAt: z.number(),
});
export type StoredObject = z.infer<typeof objectSchema>;

export interface StoredFile {
  file: string;
  size: number;
  md5: string;
}

interface ObjectStoreOptions {
  dir: string;
  database: DatabaseSync;
  now: Clock;
  /** How long a bucket keeps its objects. */
  expiresAfterMs(bucket: string): number;
}

function prepareStatements(database: DatabaseSync) {
  return {
    select: database.prepare("SELECT document FROM objects WHERE bucket = ? AND object = ?"),
    selectAll: database.prepare(
      "SELECT document FROM objects WHERE bucket = ? AND object > ? ORDER BY object",
    ),
    upsert: database.prepare(
      "INSERT INTO objects VALUES (?, ?, ?) ON CONFLICT (bucket, object) DO UPDATE SET document = excluded.document",
    ),
    drop: database.prepare("DELETE FROM objects WHERE bucket = ? AND object = ?"),
  };
}

/** Objects as files in `DIR/s3`, their names and headers as rows. */
export class ObjectStore {
  readonly #options: ObjectStoreOptions;
  readonly #folder: string;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(options: ObjectStoreOptions) {
    this.#options = options;
    this.#folder = join(options.dir, "s3");
    mkdirSync(this.#folder, { recursive: true });
    this.#statements = prepareStatements(options.database);
  }

  /** Writes content that no object refers to yet. */
  writeFile(content: Buffer): StoredFile {
    const file = randomUUID();
    writeFileSync(join(this.#folder, file), content);
    return { file, size: content.length, md5: createHash("md5").update(content).digest("hex") };
  }

  removeFiles(files: readonly string[]): void {
    for (const file of files) rmSync(join(this.#folder, file), { force: true });
  }

  put(bucket: string, object: StoredObject): void {
    const before = this.find(bucket, object.key);
    this.#statements.upsert.run(bucket, object.key, JSON.stringify(object));
    this.removeFiles(before?.files ?? []);
  }

  find(bucket: string, key: string): StoredObject | undefined {
    return this.#parse(bucket, this.#statements.select.get(bucket, key));
  }

  /** @throws AwsError `NoSuchKey` */
  get(bucket: string, key: string): StoredObject {
    const object = this.find(bucket, key);
    if (object !== undefined) return object;
    throw new AwsError("NoSuchKey", "The specified key does not exist.", { statusCode: 404 });
  }

  read(object: StoredObject): Buffer {
    return Buffer.concat(object.files.map((file) => readFileSync(join(this.#folder, file))));
  }

  remove(bucket: string, key: string): void {
    const object = this.find(bucket, key);
    this.#statements.drop.run(bucket, key);
    this.removeFiles(object?.files ?? []);
  }

  /** In the order of keys, after the key `after`. */
  list(bucket: string, prefix: string, after: string): StoredObject[] {
    return this.#statements.selectAll
      .all(bucket, after)
      .map((row) => this.#parse(bucket, row))
      .filter((object) => object !== undefined)
      .filter((object) => object.key.startsWith(prefix));
  }

  #parse(bucket: string, row: Record<string, unknown> | undefined): StoredObject | undefined {
    const text = textColumn(row, "document");
    if (text === undefined) return undefined;
    const object = objectSchema.parse(JSON.parse(text));
    const isExpired = object.storedAt + this.#options.expiresAfterMs(bucket) <= this.#options.now();
    return isExpired ? undefined : object;
  }
}
