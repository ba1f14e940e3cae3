import { Arrivals } from "./arrivals.ts";
import { MessageQueue } from "./message-queue.ts";
import type { StoredMessage } from "./message-store.ts";
import { MoveTasks } from "./move-tasks.ts";
import { QueueStore, type Queue } from "./queue-store.ts";
import type { SqsOptions } from "./sqs-service.ts";

export interface Wait {
  /** Milliseconds of the service's clock. */
  milliseconds: number;
  signal: AbortSignal | undefined;
}

/** What the actions use. */
export interface QueueService {
  options: SqsOptions;
  queues: QueueStore;
  messages: MessageQueue;
  arrivals: Arrivals;
  moves: MoveTasks;
  receive(queue: Queue, limit: number, seconds: number, wait: Wait): Promise<StoredMessage[]>;
}

/** Combines the parts. Queues, messages and move tasks of earlier runs are still there. */
export function createQueueService(options: SqsOptions): QueueService {
  const queues = new QueueStore(options);
  const arrivals = new Arrivals();
  const messages = new MessageQueue(options, queues, (queue) => {
    queueMicrotask(() => arrivals.announce(queue));
  });
  const moves = new MoveTasks(options, queues, messages);
  const realDelay = options.realDelay ?? ((milliseconds: number) => milliseconds);

  async function receive(queue: Queue, limit: number, seconds: number, wait: Wait): Promise<StoredMessage[]> {
    const deadline = options.clock() + wait.milliseconds;
    for (;;) {
      if (arrivals.closed || wait.signal?.aborted === true) return [];
      const taken = messages.receive(queue, limit, seconds);
      const now = options.clock();
      if (taken.length > 0 || now >= deadline) return taken;
      const next = Math.min(deadline, messages.nextAt(queue) ?? deadline);
      await arrivals.wait(queue, realDelay(next - now), wait.signal);
    }
  }

  return { options, queues, messages, arrivals, moves, receive };
}
