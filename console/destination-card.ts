import type { DestinationAnswer } from "./api.ts";
import { showDeliveries } from "./deliveries.ts";
import { fieldFacts } from "./destination-fields.ts";
import { deleteDestination, editDestination, rotateSecret, toggleDestination } from "./edit-destination.ts";
import { button, describe, element, facts } from "./element.ts";
import { moment } from "./moment.ts";
import { showReplays } from "./replays.ts";
import type { CardAction, Surroundings } from "./surroundings.ts";
import { testNow } from "./test-event.ts";

/** Card of a destination: its health and the actions on it. */
export interface DestinationCard {
  element: HTMLElement;
  buttons: Readonly<Record<CardAction, HTMLButtonElement>>;
  /** Updates the texts. The buttons and the sections opened below them stay. */
  update(destination: DestinationAnswer): void;
}

export function destinationCard(first: DestinationAnswer, page: Surroundings): DestinationCard {
  let shown = first;
  const head = element("div");
  const editing = element("div", { className: "results" });
  const results = element("div", { className: "results" });
  const buttons = {
    test: button("Test", () => testNow(shown, page, results)),
    deliveries: button("Deliveries", () => showDeliveries(shown, page, results)),
    replays: button("Replays", () => showReplays(shown, page, results)),
    toggle: button("", () => toggleDestination(shown, isStopped(shown), page)),
    edit: button("Edit", () => editDestination(shown, page, editing)),
    rotate: button("Rotate secret", () => rotateSecret(shown, page)),
    remove: button("Delete", () => deleteDestination(shown, page)),
  };
  const update = (destination: DestinationAnswer): void => {
    shown = destination;
    head.replaceChildren(...headOf(destination));
    const toggle = isStopped(destination) ? "Enable" : "Disable";
    for (const made of Object.values(buttons)) {
      const label = made === buttons.toggle ? toggle : (made.textContent ?? "");
      describe(made, label, destination.name);
    }
  };
  update(first);
  const row = element("div", { className: "row" }, ...Object.values(buttons));
  const made = element(
    "section",
    { className: "card", "aria-labelledby": headingId(first) },
    head,
    row,
    editing,
    results,
  );
  return { element: made, buttons, update };
}

function headingId({ id }: DestinationAnswer): string {
  return `name-${id}`;
}

function isStopped({ enabled, health }: DestinationAnswer): boolean {
  return !enabled || health.status === "suspended";
}

function headOf(destination: DestinationAnswer): HTMLElement[] {
  const { name, url, health } = destination;
  return [
    element(
      "div",
      { className: "row" },
      element("h3", { id: headingId(destination) }, name),
      element("span", { className: `badge ${health.status}` }, health.status),
    ),
    element("p", { className: "quiet" }, url),
    healthFacts(destination),
  ];
}

function healthFacts(destination: DestinationAnswer): HTMLDListElement {
  const { id, enabled, health } = destination;
  const last = health.lastDelivery;
  return facts({
    "Last delivery":
      last === null
        ? "none yet"
        : `${last.outcome} ${moment(last.at)}, ${last.statusCode ?? last.error ?? "no answer"}, ${last.durationMs} ms`,
    Behind: health.behindEvents === 0 ? "nothing" : `${health.behindEvents} events at most`,
    "Oldest waiting": health.oldestUndeliveredAt === null ? undefined : moment(health.oldestUndeliveredAt),
    "Failing since":
      health.failingSince === null
        ? undefined
        : `${moment(health.failingSince)}, ${health.consecutiveFailures} times in a row`,
    // A destination that is enabled but not delivering can only lack forwarding in the workspace's plan.
    "Not delivering":
      enabled && health.status === "disabled" ? "the workspace's plan has no forwarding" : undefined,
    ...fieldFacts(destination),
    Id: id,
  });
}
