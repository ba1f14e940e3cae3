import type { DatabaseSync } from "node:sqlite";
import { readSettings, readTexts, type AttributeTexts, type QueueSettings } from "./queue-attributes.ts";
import { invalidValue, noSuchQueue, sqsError } from "./sqs-error.ts";
import type { SqsOptions } from "./sqs-service.ts";

export interface Queue {
  id: number;
  name: string;
  arn: string;
  createdAt: number;
  modifiedAt: number;
  attributes: AttributeTexts;
  settings: QueueSettings;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sqs_queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, attributes TEXT NOT NULL,
    created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL, purged_at INTEGER
  ) STRICT;
`;
const NAME = /^[A-Za-z0-9_-]{1,80}$|^[A-Za-z0-9_-]{1,75}\.fifo$/;

/** The queues of the database by URL, ARN and name. */
export class QueueStore {
  readonly #options: SqsOptions;
  readonly #database: DatabaseSync;
  readonly #byName = new Map<string, Queue>();

  constructor(options: SqsOptions) {
    this.#options = options;
    this.#database = options.database;
    this.#database.exec(SCHEMA);
    for (const row of this.#database.prepare("SELECT * FROM sqs_queue ORDER BY id").all()) {
      const name = String(row["name"]);
      const attributes = readTexts(String(row["attributes"]));
      this.#byName.set(name, {
        id: Number(row["id"]),
        name,
        arn: this.#arnOf(name),
        createdAt: Number(row["created_at"]),
        modifiedAt: Number(row["modified_at"]),
        attributes,
        settings: readSettings(name, attributes),
      });
    }
  }

  #arnOf(name: string): string {
    return `arn:aws:sqs:${this.#options.region}:${this.#options.accountId}:${name}`;
  }

  urlOf(queue: Queue): string {
    return `${this.#options.endpoint()}/${this.#options.accountId}/${queue.name}`;
  }

  all(): Queue[] {
    return [...this.#byName.values()];
  }

  find(name: string): Queue | undefined {
    return this.#byName.get(name);
  }

  /** Finds a queue by its URL. A URL with another host is refused, because the host is what a client sends to. */
  atUrl(url: string): Queue {
    const prefix = `${this.#options.endpoint()}/${this.#options.accountId}/`;
    if (!url.startsWith(prefix)) {
      throw sqsError(
        "InvalidAddress",
        `The address ${url} is not valid for this endpoint: it begins with ${prefix}`,
      );
    }
    const queue = this.#byName.get(url.slice(prefix.length));
    if (queue === undefined) throw noSuchQueue();
    return queue;
  }

  atArn(arn: string): Queue {
    const queue = this.all().find((each) => each.arn === arn);
    if (queue === undefined) throw noSuchQueue();
    return queue;
  }

  /** Throws if a redrive policy names a queue that does not exist or has the other type. */
  checkRedrive(queue: Pick<Queue, "settings" | "attributes">): void {
    const { redrive, fifo } = queue.settings;
    if (redrive === null) return;
    const text = queue.attributes["RedrivePolicy"];
    const target = this.all().find((each) => each.arn === redrive.deadLetterTargetArn);
    if (target === undefined) {
      throw invalidValue("RedrivePolicy", text, "Dead letter target does not exist.");
    }
    if (target.settings.fifo !== fifo) {
      throw invalidValue(
        "RedrivePolicy",
        text,
        "Dead-letter queue must be same type of queue as the source.",
      );
    }
  }

  /** Queues whose redrive policy names this queue. */
  sourcesOf(queue: Queue): Queue[] {
    return this.all().filter((each) => each.settings.redrive?.deadLetterTargetArn === queue.arn);
  }

  create(name: string, attributes: AttributeTexts): Queue {
    if (!NAME.test(name)) {
      throw sqsError(
        "InvalidParameterValue",
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
      );
    }
    const settings = readSettings(name, attributes);
    const now = this.#options.clock();
    const result = this.#database
      .prepare("INSERT INTO sqs_queue (name, attributes, created_at, modified_at) VALUES (?, ?, ?, ?)")
      .run(name, JSON.stringify(attributes), now, now);
    const queue: Queue = {
      id: Number(result.lastInsertRowid),
      name,
      arn: this.#arnOf(name),
      createdAt: now,
      modifiedAt: now,
      attributes,
      settings,
    };
    this.#byName.set(name, queue);
    return queue;
  }

  /** Replaces all attributes of a queue. Its type cannot change. */
  replaceAttributes(queue: Queue, attributes: AttributeTexts): void {
    const settings = readSettings(queue.name, attributes);
    this.#database
      .prepare("UPDATE sqs_queue SET attributes = ?, modified_at = ? WHERE id = ?")
      .run(JSON.stringify(attributes), this.#options.clock(), queue.id);
    queue.attributes = attributes;
    queue.settings = settings;
    queue.modifiedAt = this.#options.clock();
  }

  remove(queue: Queue): void {
    this.#database.prepare("DELETE FROM sqs_queue WHERE id = ?").run(queue.id);
    this.#byName.delete(queue.name);
  }
}
