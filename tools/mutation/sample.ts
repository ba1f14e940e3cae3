/** Some of the items in their order, the same for the same seed; all of them when there are no more. */
export function sample<Item>(items: readonly Item[], count: number, seed: number): Item[] {
  const random = createRandom(seed);
  return items
    .map((item, index) => ({ item, index, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, count)
    .toSorted((a, b) => a.index - b.index)
    .map(({ item }) => item);
}

/** Numbers from 0 to 1, by the generator of Park and Miller. */
function createRandom(seed: number): () => number {
  let state = (Math.abs(Math.trunc(seed)) % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
