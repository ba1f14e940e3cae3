import { randomUUID } from "node:crypto";
import { createTransaction, type Transaction } from "../transaction.ts";
import { Deduplication, type Accepted } from "./deduplication.ts";
import { GroupStore } from "./group-store.ts";
import { MessageStore, type NewMessage, type StoredMessage } from "./message-store.ts";
import { readTexts } from "./queue-attributes.ts";
import type { Queue, QueueStore } from "./queue-store.ts";
import type { SqsOptions } from "./sqs-service.ts";

/** A message to send. Times are in milliseconds. */
export interface Outgoing {
  body: string;
  /** JSON. */
  attributes: string;
  system: Record<string, string>;
  group: string | null;
  /** Only for a FIFO queue. The key that identifies a repeat includes the group if that is the deduplication scope. */
  deduplicationId: string | null;
  delayMs: number;
}

/** The operations of queues on their messages. Each method is one transaction. */
export class MessageQueue {
  readonly messages: MessageStore;
  readonly groups: GroupStore;
  readonly #queues: QueueStore;
  readonly #deduplication: Deduplication;
  readonly #onArrival: (queue: Queue) => void;
  readonly clock: () => number;
  readonly transaction: Transaction;

  /** `onArrival` is called inside the transaction that moves a message to another queue. */
  constructor(options: SqsOptions, queues: QueueStore, onArrival: (queue: Queue) => void) {
    const { database } = options;
    this.#queues = queues;
    this.#onArrival = onArrival;
    this.clock = options.clock;
    this.messages = new MessageStore(database);
    this.groups = new GroupStore(database);
    this.#deduplication = new Deduplication(database);
    this.transaction = createTransaction(database);
  }

  /** Recomputes a group after one of its messages changed. Does nothing for a standard queue. */
  refresh(queue: number, group: string | null): void {
    if (group !== null && this.#isFifo(queue)) this.groups.refresh(queue, group);
  }

  #isFifo(id: number): boolean {
    return this.#queues.all().some((queue) => queue.id === id && queue.settings.fifo);
  }

  #insert(message: NewMessage): Accepted {
    const position = this.messages.insert(message);
    this.refresh(message.queue, message.group);
    return { id: message.id, position };
  }

  /**
   * Sends one message, or returns the one accepted before under the same deduplication id. Must run inside a
   * transaction.
   */
  send(queue: Queue, outgoing: Outgoing): Accepted {
    const now = this.clock();
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

  /** Deletes messages older than the queue's retention. */
  expire(queue: Queue): void {
    const until = this.clock() - queue.settings.retention * 1000;
    if ((this.messages.oldestSentAt(queue.id) ?? Infinity) > until) return;
    this.transaction(() => {
      for (const group of this.messages.deleteSentUntil(queue.id, until)) this.refresh(queue.id, group);
    });
  }

  /** Receives up to `limit` messages and hides them for `seconds`. */
  receive(queue: Queue, limit: number, seconds: number): StoredMessage[] {
    const now = this.clock();
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
      // With a visibility of zero the received messages are visible again at once, so reading on would return them
      // twice.
      if (taken.length >= limit || candidates.length === 0 || seconds === 0) return taken;
    }
  }

  #receiveFromGroups(queue: Queue, limit: number, now: number, seconds: number): StoredMessage[] {
    for (;;) {
      const groups = this.groups.free(queue.id, now, limit);
      const taken: StoredMessage[] = [];
      for (const group of groups) {
        taken.push(...this.#receiveFromGroup(queue, group, limit - taken.length, now, seconds));
      }
      // If all messages of these groups went to the dead-letter queue, continue with the next groups.
      if (taken.length > 0 || groups.length === 0) return taken;
    }
  }

  #receiveFromGroup(
    queue: Queue,
    group: string,
    limit: number,
    now: number,
    seconds: number,
  ): StoredMessage[] {
    const taken: StoredMessage[] = [];
    let after = 0;
    while (taken.length < limit) {
      const message = this.messages.nextOfGroup(queue.id, group, after);
      if (message === undefined || message.visibleAt > now) break;
      after = message.position;
      if (!this.#bury(queue, message)) taken.push(this.messages.take(message, now, now + seconds * 1000));
    }
    this.refresh(queue.id, group);
    return taken;
  }

  /**
   * Moves a message to the dead-letter queue if it was received too often. Returns false if it may be received again.
   */
  #bury(queue: Queue, message: StoredMessage): boolean {
    const { redrive, fifo } = queue.settings;
    if (redrive === null || message.receiveCount < redrive.maxReceiveCount) return false;
    const target = this.#queues.atArn(redrive.deadLetterTargetArn);
    const now = this.clock();
    const system: Record<string, string> = {
      ...readTexts(message.system),
      DeadLetterQueueSourceArn: queue.arn,
    };
    // The message's own id, so that it is never taken for a repeat of another one that was sent with the same
    // deduplication id.
    if (fifo) system["MessageDeduplicationId"] = message.id;
    this.messages.delete(message.position);
    // The retention period continues from the first sending in a standard queue, and restarts in a FIFO queue.
    const sentAt = fifo ? now : message.sentAt;
    this.#insert({ ...message, queue: target.id, system: JSON.stringify(system), sentAt, visibleAt: now });
    this.#onArrival(target);
    return true;
  }

  /**
   * Moves one visible message of a dead-letter queue as a new message. Returns false if there is none. Must run inside
   * a transaction.
   */
  moveOne(source: Queue, targetOf: (message: StoredMessage) => Queue): boolean {
    const now = this.clock();
    const group = source.settings.fifo ? this.groups.free(source.id, now, 1)[0] : undefined;
    const message =
      group === undefined
        ? this.messages.visible(source.id, now, 1)[0]
        : this.messages.nextOfGroup(source.id, group, 0);
    if (message === undefined || (source.settings.fifo && group === undefined)) return false;
    const target = targetOf(message);
    this.messages.delete(message.position);
    this.refresh(source.id, message.group);
    this.#insert({ ...message, queue: target.id, id: randomUUID(), sentAt: now, visibleAt: now });
    this.#onArrival(target);
    return true;
  }

  clear(queue: Queue): void {
    this.transaction(() => {
      this.messages.clear(queue.id);
      this.groups.clear(queue.id);
    });
  }

  /** Makes messages visible that consumers of an earlier process had in flight. Returns their number. */
  releaseHeld(): number {
    return this.transaction(() => {
      const released = this.messages.releaseHeld(this.clock());
      for (const { queue, group } of released) this.refresh(queue, group);
      return released.length;
    });
  }

  /** When the next message of a queue can be received. */
  nextAt(queue: Queue): number | undefined {
    const now = this.clock();
    return queue.settings.fifo
      ? this.groups.nextFreeAt(queue.id, now)
      : this.messages.nextVisibleAt(queue.id, now);
  }
}
