/**
 * Runs `act` over all items, at most `limit` at a time. `act` handles its own failures: a rejection stops one worker
 * and rejects the whole call.
 */
export async function forEachAtMost<Item>(
  items: Iterable<Item>,
  limit: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items][Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: limit }, work));
}
