import { randomUUID } from "node:crypto";
import { createTransaction, type Transaction } from "../transaction.ts";
import { Deduplication, type Accepted } from "./deduplication.ts";
import { GroupStore } from "./group-store.ts";
import { MessageStore, type NewMessage, type StoredMessage } from "./message-store.ts";
import { readTexts } from "./queue-attributes.ts";
import type { Queue, QueueStore } from "./queue-store.ts";
import { readReceiptHandle, type Receipt } from "./receipt-handle.ts";
import { invalidValue, sqsError } from "./sqs-error.ts";
import type { SqsOptions } from "./sqs-service.ts";

/** API reference: a message's visibility ends 12 hours after it was received, however often it is changed. */
const MAX_VISIBILITY_SECONDS = 43_200;

/** A message to send. Times in milliseconds. */
export interface Outgoing {
  body: string;
  /** JSON. */
  attributes: string;
  system: Record<string, string>;
  group: string | null;
  /** Of a FIFO queue; the key to find a repeat by includes the group when that is the scope. */
  deduplicationId: string | null;
  delayMs: number;
}

/** What the queues do with their messages; each method is one transaction. */
export class MessageQueue {
  readonly messages: MessageStore;
  readonly groups: GroupStore;
  readonly #queues: QueueStore;
  readonly #deduplication: Deduplication;
  readonly #clock: () => number;
  readonly transaction: Transaction;

  constructor(options: SqsOptions, queues: QueueStore) {
    const { database } = options;
    this.#queues = queues;
    this.#clock = options.clock;
    this.messages = new MessageStore(database);
    this.groups = new GroupStore(database);
    this.#deduplication = new Deduplication(database);
    this.transaction = createTransaction(database);
  }

  #refresh(queue: number, group: string | null): void {
    if (group !== null && this.#isFifo(queue)) this.groups.refresh(queue, group);
  }

  #isFifo(id: number): boolean {
    return this.#queues.all().some((queue) => queue.id === id && queue.settings.fifo);
  }

  #insert(message: NewMessage): Accepted {
    const position = this.messages.insert(message);
    this.#refresh(message.queue, message.group);
    return { id: message.id, position };
  }

  /** Sends one message, or answers what was accepted under the same deduplication id before. Inside a transaction. */
  send(queue: Queue, outgoing: Outgoing): Accepted {
    const now = this.#clock();
    const { deduplicationId, group } = outgoing;
    const scope = queue.settings.deduplicationScope === "messageGroup" ? `${group}\n` : "";
    const key = deduplicationId === null ? null : scope + deduplicationId;
    const repeat = key === null ? undefined : this.#deduplication.find(queue.id, key, now);
    if (repeat !== undefined) return repeat;
    const accepted = this.#insert({
      queue: queue.id,
      id: randomUUID(),
      body: outgoing.body,
      attributes: outgoing.attributes,
      system: JSON.stringify(outgoing.system),
      group,
      sentAt: now,
      visibleAt: now + outgoing.delayMs,
    });
    if (key !== null) this.#deduplication.remember(queue.id, key, accepted, now);
    return accepted;
  }

  /** Deletes what is older than the queue's retention. */
  expire(queue: Queue): void {
    const until = this.#clock() - queue.settings.retention * 1000;
    if ((this.messages.oldestSentAt(queue.id) ?? Infinity) > until) return;
    this.transaction(() => {
      for (const group of this.messages.deleteSentUntil(queue.id, until)) this.#refresh(queue.id, group);
    });
  }

  /** Receives up to `limit` messages, which stay hidden for `seconds`. */
  receive(queue: Queue, limit: number, seconds: number): StoredMessage[] {
    const now = this.#clock();
    this.expire(queue);
    const found = queue.settings.fifo
      ? this.groups.free(queue.id, now, 1).length > 0
      : this.messages.visible(queue.id, now, 1).length > 0;
    if (!found) return [];
    return this.transaction(() =>
      queue.settings.fifo
        ? this.#receiveFromGroups(queue, limit, now, seconds)
        : this.#receiveVisible(queue, limit, now, seconds),
    );
  }

  #receiveVisible(queue: Queue, limit: number, now: number, seconds: number): StoredMessage[] {
    const taken: StoredMessage[] = [];
    for (;;) {
      const candidates = this.messages.visible(queue.id, now, limit - taken.length);
      for (const message of candidates) {
        if (!this.#bury(queue, message)) taken.push(this.messages.take(message, now, now + seconds * 1000));
      }
      // With a time-out of zero what was taken is visible again at once.
      if (taken.length >= limit || candidates.length === 0 || seconds === 0) return taken;
    }
  }

  #receiveFromGroups(queue: Queue, limit: number, now: number, seconds: number): StoredMessage[] {
    const taken: StoredMessage[] = [];
    for (const group of this.groups.free(queue.id, now, limit)) {
      let after = 0;
      while (taken.length < limit) {
        const message = this.messages.nextOfGroup(queue.id, group, after);
        if (message === undefined || message.visibleAt > now) break;
        after = message.position;
        if (!this.#bury(queue, message)) taken.push(this.messages.take(message, now, now + seconds * 1000));
      }
      this.#refresh(queue.id, group);
    }
    return taken;
  }

  /** Moves a message that was received too often to the dead-letter queue; false when it may be received again. */
  #bury(queue: Queue, message: StoredMessage): boolean {
    const { redrive, fifo } = queue.settings;
    if (redrive === null || message.receiveCount < redrive.maxReceiveCount) return false;
    const target = this.#queues.atArn(redrive.deadLetterTargetArn);
    const now = this.#clock();
    const system: Record<string, string> = {
      ...readTexts(message.system),
      DeadLetterQueueSourceArn: queue.arn,
    };
    // So that burying one message never hides another that was sent with the same id.
    if (fifo) system["MessageDeduplicationId"] = message.id;
    this.messages.delete(message.position);
    // A standard queue's retention goes on from the first sending, a FIFO queue's begins anew.
    const sentAt = fifo ? now : message.sentAt;
    this.#insert({ ...message, queue: target.id, system: JSON.stringify(system), sentAt, visibleAt: now });
    return true;
  }

  #find(receipt: Receipt): StoredMessage | undefined {
    const message = this.messages.at(receipt.position);
    return message?.queue === receipt.queue ? message : undefined;
  }

  /** Deletes what a handle stands for. One deleted before is fine; an expired handle of a FIFO queue is refused. */
  delete(queue: Queue, handle: string): void {
    const receipt = readReceiptHandle(handle, queue.id);
    const message = this.#find(receipt);
    if (message === undefined) return;
    const current = message.receipt === receipt.receipt;
    if (queue.settings.fifo && (!current || message.visibleAt <= this.#clock())) {
      throw invalidValue("ReceiptHandle", handle, "The receipt handle has expired.");
    }
    if (!current) return;
    this.transaction(() => {
      this.messages.delete(message.position);
      this.#refresh(queue.id, message.group);
    });
  }

  /** Hides a message in flight for `seconds` from now; refused beyond 12 hours from its receive. */
  changeVisibility(queue: Queue, handle: string, seconds: number): void {
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_VISIBILITY_SECONDS) {
      throw invalidValue(
        "VisibilityTimeout",
        seconds,
        `Must be between 0 and ${MAX_VISIBILITY_SECONDS}, if provided.`,
      );
    }
    const receipt = readReceiptHandle(handle, queue.id);
    const now = this.#clock();
    const message = this.#find(receipt);
    if (message?.receipt !== receipt.receipt || message.visibleAt <= now) {
      throw sqsError(
        "MessageNotInflight",
        `Value ${handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
    }
    const elapsed = Math.floor((now - (message.receivedAt ?? now)) / 1000);
    if (elapsed + seconds > MAX_VISIBILITY_SECONDS) {
      throw invalidValue(
        "VisibilityTimeout",
        seconds,
        `Total VisibilityTimeout for the message is beyond the limit [${MAX_VISIBILITY_SECONDS} seconds]`,
      );
    }
    this.transaction(() => {
      this.messages.setVisibleAt(message.position, now + seconds * 1000);
      this.#refresh(queue.id, message.group);
    });
  }

  /** Moves one visible message of a dead-letter queue as a new message; false when there is none. Inside a transaction. */
  moveOne(source: Queue, targetOf: (message: StoredMessage) => Queue): boolean {
    const now = this.#clock();
    const group = source.settings.fifo ? this.groups.free(source.id, now, 1)[0] : undefined;
    const message =
      group === undefined
        ? this.messages.visible(source.id, now, 1)[0]
        : this.messages.nextOfGroup(source.id, group, 0);
    if (message === undefined || (source.settings.fifo && group === undefined)) return false;
    const target = targetOf(message);
    this.messages.delete(message.position);
    this.#refresh(source.id, message.group);
    this.#insert({ ...message, queue: target.id, id: randomUUID(), sentAt: now, visibleAt: now });
    return true;
  }

  clear(queue: Queue): void {
    this.transaction(() => {
      this.messages.clear(queue.id);
      this.groups.clear(queue.id);
    });
  }

  /** Makes visible what consumers of an earlier process held; answers how many. */
  releaseHeld(): number {
    return this.transaction(() => {
      const released = this.messages.releaseHeld(this.#clock());
      for (const { queue, group } of released) this.#refresh(queue, group);
      return released.length;
    });
  }

  /** When something of a queue becomes receivable next. */
  nextAt(queue: Queue): number | undefined {
    const now = this.#clock();
    return queue.settings.fifo
      ? this.groups.nextFreeAt(queue.id, now)
      : this.messages.nextVisibleAt(queue.id, now);
  }
}
