import type { Receipt } from "./kept-request.ts";

/**
 * Tells apart the lanes of the destinations that a receiver kept: receipts of one lane, in the order in which they were kept.
 *
 * A lane's name is the same for every destination (`live`), so what belongs together is known by the secret that signed it; a delivery
 * with two signatures, during a rotation, joins what either signed. Where no secret was given the path stands in for it. Either way
 * deliveries that name one another belong together: a rotation without grace has no delivery with two signatures, and a change of the
 * URL changes the path.
 */
export function chainsOfReceipts(receipts: readonly Receipt[]): Receipt[][] {
  const joins = createJoins();
  for (const { link, path = "", signers } of receipts) {
    const own = idOf(link.lane, link.id);
    if (link.previousId !== "-") joins.join(own, idOf(link.lane, link.previousId));
    const senders = signers.length === 0 ? [path] : signers;
    for (const sender of senders) joins.join(own, JSON.stringify([link.lane, "sender", sender]));
  }
  const chains = new Map<string, Receipt[]>();
  for (const receipt of receipts) {
    const root = joins.rootOf(idOf(receipt.link.lane, receipt.link.id));
    const chain = chains.get(root) ?? [];
    chains.set(root, chain);
    chain.push(receipt);
  }
  return [...chains.values()];
}

function idOf(lane: string, id: string): string {
  return JSON.stringify([lane, "id", id]);
}

interface Joins {
  join(one: string, other: string): void;
  rootOf(name: string): string;
}

/** Disjoint sets of names. */
function createJoins(): Joins {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let at = name;
    for (let parent = parents.get(at); parent !== undefined; parent = parents.get(at)) {
      const above = parents.get(parent);
      // Halves the way for the next one: a chain of a million deliveries is one set.
      if (above !== undefined) parents.set(at, above);
      at = above ?? parent;
    }
    return at;
  };
  return {
    rootOf,
    join(one, other) {
      const [root, otherRoot] = [rootOf(one), rootOf(other)];
      if (root !== otherRoot) parents.set(root, otherRoot);
    },
  };
}
