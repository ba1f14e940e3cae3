import type { Receipt } from "./kept-request.ts";

/**
 * Groups what a receiver kept by lane, each in the order in which it was kept.
 *
 * The name of a lane is the same for every destination (`live`), so lanes are told apart by the secret that signed
 * them. A delivery with two signatures, during a rotation, joins what either secret signed. Without secrets the path is
 * used instead. Deliveries that name each other belong together in any case, because a rotation without a grace period
 * has no delivery with two signatures, and a change of the URL changes the path.
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

/** Disjoint sets of names (union-find). */
function createJoins(): Joins {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let at = name;
    for (let parent = parents.get(at); parent !== undefined; parent = parents.get(at)) {
      const above = parents.get(parent);
      // Path halving: a chain of a million deliveries is one set.
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
