import type { DestinationAnswer } from "./api.ts";
import { type DestinationCard, destinationCard } from "./destination-card.ts";
import { element } from "./element.ts";
import type { CardAction, Surroundings } from "./surroundings.ts";

/** The cards of a workspace's destinations. A card is updated in place, so that its open sections stay. */
export interface DestinationList {
  element: HTMLElement;
  /** Shows all destinations, oldest first as the API lists them. */
  fill(destinations: readonly DestinationAnswer[]): void;
  show(destination: DestinationAnswer): void;
  drop(id: string): void;
  focus(id: string, action: CardAction): void;
}

export function destinationList(page: Surroundings): DestinationList {
  const cards = new Map<string, DestinationCard>();
  const none = element("p", {}, "No destinations yet.");
  none.tabIndex = -1;
  const cardsOf = element("div");
  const made = element("div", {}, none, cardsOf);
  const show = (destination: DestinationAnswer): void => {
    const present = cards.get(destination.id);
    if (present !== undefined) return present.update(destination);
    const card = destinationCard(destination, page);
    cards.set(destination.id, card);
    cardsOf.append(card.element);
    none.hidden = true;
  };
  const take = (id: string): void => {
    cards.get(id)?.element.remove();
    cards.delete(id);
    none.hidden = cards.size > 0;
  };
  const focus = (id: string | undefined, action: CardAction): void =>
    (id === undefined ? none : (cards.get(id)?.buttons[action] ?? none)).focus();
  return {
    element: made,
    fill(destinations) {
      const gone = new Set(cards.keys());
      for (const destination of destinations) {
        show(destination);
        gone.delete(destination.id);
      }
      for (const id of gone) take(id);
    },
    show,
    drop(id) {
      const ids = [...cards.keys()];
      const place = ids.indexOf(id);
      take(id);
      focus(ids[place + 1] ?? ids[place - 1], "test");
    },
    focus,
  };
}
