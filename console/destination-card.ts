import type { Api, DeliveryAnswer, DestinationAnswer, TestAnswer } from "./api.ts";
import { button, element, facts } from "./element.ts";

/** What a card can ask of the page around it. */
export interface CardSurroundings {
  api: Api;
  /** Runs an action, tells how it ended, and shows a refusal. */
  run(doing: string, action: () => Promise<string | undefined>): Promise<void>;
  refresh(): Promise<void>;
}

/** A destination: its health at a glance, and what one does with it. */
export function destinationCard(destination: DestinationAnswer, page: CardSurroundings): HTMLElement {
  const { id, name, url, health } = destination;
  const results = element("div", { className: "results", "aria-live": "polite" });
  const headingId = `name-${id}`;
  return element(
    "section",
    { className: "card", "aria-labelledby": headingId },
    element(
      "div",
      { className: "row" },
      element("h3", { id: headingId }, name),
      element("span", { className: `badge ${health.status}` }, health.status),
    ),
    element("p", { className: "quiet" }, url),
    healthFacts(destination),
    element(
      "div",
      { className: "row" },
      button("Test", () => testNow(destination, page, results), { describes: name }),
      button("Deliveries", () => showDeliveries(destination, page, results), { describes: name }),
      toggle(destination, page),
    ),
    results,
  );
}

function healthFacts({ id, format, eventTypes, health }: DestinationAnswer): HTMLDListElement {
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
    Events: eventTypes.length === 0 ? "all" : eventTypes.join(", "),
    Format: format,
    Id: id,
  });
}

function toggle({ id, name, health }: DestinationAnswer, page: CardSurroundings): HTMLButtonElement {
  const stopped = health.status === "disabled" || health.status === "suspended";
  return button(
    stopped ? "Enable" : "Disable",
    () =>
      page.run(stopped ? "Enabling" : "Disabling", async () => {
        await (stopped ? page.api.enable(id) : page.api.disable(id));
        await page.refresh();
        return stopped ? `${name} goes on where it stopped.` : `${name} is disabled; its events wait.`;
      }),
    { describes: name },
  );
}

async function testNow(
  { id, name }: DestinationAnswer,
  page: CardSurroundings,
  results: HTMLElement,
): Promise<void> {
  await page.run("Sending a test event", async () => {
    const answer = await page.api.test(id);
    results.replaceChildren(testResult(answer));
    return answer.ok ? `${name} took the test event.` : `${name} did not take the test event.`;
  });
}

function testResult({ ok, attempt }: TestAnswer): HTMLElement {
  const rows = Object.entries(attempt).map(([key, value]) => [words(key), plain(value)] as const);
  return element(
    "div",
    {},
    element("h3", {}, ok ? "Test event: delivered" : "Test event: not delivered"),
    facts(Object.fromEntries(rows)),
  );
}

/** `statusCode` as "Status code". */
function words(key: string): string {
  const spaced = key.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function plain(value: unknown): string | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  if (typeof value !== "object") return String(value);
  const inner = Object.entries(value).map(
    ([key, part]) => `${words(key).toLowerCase()} ${plain(part) ?? "none"}`,
  );
  return inner.join(", ");
}

async function showDeliveries(
  { id, name }: DestinationAnswer,
  page: CardSurroundings,
  results: HTMLElement,
): Promise<void> {
  await page.run("Reading deliveries", async () => {
    const deliveries = await page.api.deliveries(id);
    results.replaceChildren(
      deliveries.length === 0 ? element("p", {}, "No deliveries yet.") : deliveryTable(name, deliveries),
    );
    return undefined;
  });
}

function deliveryTable(name: string, deliveries: DeliveryAnswer[]): HTMLElement {
  const heads = ["Delivery", "Lane", "Outcome", "Events", "Attempts", "Last answer"];
  return element(
    "div",
    { className: "scroll", role: "region", "aria-label": `Deliveries of ${name}` },
    element(
      "table",
      {},
      element("caption", {}, "Newest deliveries"),
      element("thead", {}, element("tr", {}, ...heads.map((head) => columnHead(head)))),
      element("tbody", {}, ...deliveries.map(deliveryRow)),
    ),
  );
}

function columnHead(text: string): HTMLTableCellElement {
  const cell = element("th", {}, text);
  cell.scope = "col";
  return cell;
}

function deliveryRow(delivery: DeliveryAnswer): HTMLTableRowElement {
  const last = delivery.attempts.at(-1);
  const cells = [
    delivery.id,
    `${delivery.lane} #${delivery.number}`,
    delivery.outcome,
    String(delivery.count),
    String(delivery.attempts.length),
    last === undefined ? "" : `${last.statusCode ?? last.error ?? "no answer"}, ${moment(last.at)}`,
  ];
  return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
}

function moment(timestamp: string): string {
  return new Date(timestamp).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}
