import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AwsError,
  createSqs,
  openDatabase,
  type ReceivedMessage,
  type SqsService,
} from "../../src/aws/services.ts";

type Step =
  | { kind: "send"; group: string }
  | { kind: "receive"; limit: number }
  | { kind: "delete" | "give-back"; which: number }
  | { kind: "wait"; seconds: number }
  | { kind: "crash" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("send" as const), group: fc.constantFrom("a", "b", "c") }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("receive" as const), limit: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("delete" as const, "give-back" as const),
      which: fc.nat(9),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "crash" as const }) },
);

/** The simplest description of a FIFO queue: a list for each group, and until when each message is in flight. */
class Model {
  readonly groups = new Map<string, { body: string; heldUntil: number }[]>();

  send(group: string, body: string): void {
    this.groups.set(group, [...(this.groups.get(group) ?? []), { body, heldUntil: 0 }]);
  }

  /** Checks that each message is the next of a group of which nothing was in flight before the call. */
  received(messages: readonly ReceivedMessage[], limit: number, now: number, until: number): void {
    const free = [...this.groups.values()].filter(
      (group) => group.length > 0 && group.every(({ heldUntil }) => heldUntil <= now),
    );
    const available = free.reduce((sum, group) => sum + group.length, 0);
    assert.equal(messages.length, Math.min(limit, available));
    const next = new Map(free.map((group) => [group, 0]));
    for (const { body, attributes } of messages) {
      const group = this.groups.get(attributes["MessageGroupId"] ?? "") ?? [];
      const position = next.get(group);
      assert.notEqual(position, undefined);
      assert.equal(group[position ?? 0]?.body, body);
      group[position ?? 0]!.heldUntil = until;
      next.set(group, (position ?? 0) + 1);
    }
  }

  find(body: string): { body: string; heldUntil: number } | undefined {
    return [...this.groups.values()].flat().find((message) => message.body === body);
  }

  remove(body: string): void {
    for (const [name, group] of this.groups) {
      this.groups.set(
        name,
        group.filter((message) => message.body !== body),
      );
    }
  }
}

const VISIBILITY_MS = 30_000;

/** Runs the same steps against the queue and the model. */
class Run {
  readonly model = new Model();
  readonly held: ReceivedMessage[] = [];
  readonly #database = openDatabase(":memory:");
  #now = 1_800_000_000_000;
  #count = 0;
  #sqs = this.#open();
  readonly #queue = this.#sqs.createQueue({
    QueueName: "q.fifo",
    FifoQueue: true,
    ContentBasedDeduplication: true,
  });

  #open(): SqsService {
    return createSqs({
      database: this.#database,
      clock: () => this.#now,
      region: "eu-central-1",
      accountId: "123456789012",
      endpoint: () => "http://127.0.0.1:1",
    });
  }

  async apply(each: Step): Promise<void> {
    if (each.kind === "send") await this.#send(each.group);
    else if (each.kind === "receive") await this.#receive(each.limit);
    else if (each.kind === "wait") this.#now += each.seconds * 1000;
    else if (each.kind === "crash") this.#sqs = this.#open();
    else this.#settle(each.kind, each.which);
  }

  async #send(group: string): Promise<void> {
    const body = `m${(this.#count += 1)}`;
    const input = { QueueUrl: this.#queue.queueUrl, MessageBody: body, MessageGroupId: group };
    await this.#sqs.handle({ service: "AmazonSQS", action: "SendMessage", input });
    this.model.send(group, body);
  }

  async #receive(limit: number): Promise<void> {
    const messages = await this.#sqs.receive(this.#queue.queueArn, { maxMessages: limit });
    this.model.received(messages, limit, this.#now, this.#now + VISIBILITY_MS);
    this.held.push(...messages);
  }

  #settle(kind: "delete" | "give-back", which: number): void {
    const index = which % Math.max(1, this.held.length);
    const [message] = this.held.splice(index, 1);
    if (message === undefined) return;
    const known = this.model.find(message.body);
    const { queueArn } = this.#queue;
    const settle = (): void =>
      kind === "delete"
        ? this.#sqs.deleteMessage(queueArn, message.receiptHandle)
        : this.#sqs.changeVisibility(queueArn, message.receiptHandle, 0);
    const receivedSince = this.held.slice(index);
    const isNewest = receivedSince.every((other) => other.messageId !== message.messageId);
    if (known === undefined || known.heldUntil <= this.#now || !isNewest) {
      // If the handle has expired or the message was received again, nothing may change.
      try {
        settle();
      } catch (error) {
        assert.ok(error instanceof AwsError);
        return;
      }
      assert.equal(known, undefined);
    } else {
      settle();
      if (kind === "delete") this.model.remove(message.body);
      else known.heldUntil = 0;
    }
  }

  close(): void {
    this.#sqs.close();
    this.#database.close();
  }
}

describe("a FIFO queue", () => {
  it("behaves like the model whatever is sent, received, deleted, returned or waited for, and despite crashes", async () => {
    const checked = fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const run = new Run();
        for (const each of steps) await run.apply(each);
        run.close();
      }),
      { numRuns: 150 },
    );
    await expect(checked).resolves.toBeUndefined();
  });
});
