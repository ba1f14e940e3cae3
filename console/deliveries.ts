import type { DeliveryAnswer, DestinationAnswer } from "./api.ts";
import { confirmed } from "./confirm.ts";
import { button, element, facts, table } from "./element.ts";
import { moment } from "./moment.ts";
import type { Surroundings } from "./surroundings.ts";

/** Shared by the rows of one destination's list. */
interface List {
  destination: DestinationAnswer;
  page: Surroundings;
  /** Ids of the deliveries whose details are open. */
  open: Set<string>;
  /** Reloads the list from its beginning and focuses a delivery in it. */
  reload(delivery: string): Promise<void>;
}

const HEADS = ["Delivery", "Lane", "Outcome", "Events", "Attempts", "Last answer", "Next attempt", ""];

/** Shows the newest deliveries in `results`, with a button that adds older ones. */
export async function showDeliveries(
  destination: DestinationAnswer,
  page: Surroundings,
  results: HTMLElement,
): Promise<void> {
  await page.run("Reading deliveries", async () => {
    const reload = async (delivery: string): Promise<void> => {
      await fillDeliveries(list, results);
      const details = results.querySelectorAll<HTMLElement>("button[aria-expanded]");
      const of = (made: HTMLElement): boolean => made.ariaLabel?.endsWith(delivery) === true;
      ([...details].find(of) ?? details[0])?.focus();
    };
    const list: List = { destination, page, open: new Set(), reload };
    return fillDeliveries(list, results);
  });
}

async function fillDeliveries(list: List, results: HTMLElement): Promise<string> {
  const { destination, page } = list;
  const first = await page.api.deliveries(destination.id);
  if (first.items.length === 0) {
    results.replaceChildren(element("p", {}, "No deliveries yet."));
    return `${destination.name} has no deliveries yet.`;
  }
  const shown = table("Newest deliveries", HEADS, rowsOf(first.items, list));
  shown.className = "deliveries";
  results.replaceChildren(
    element(
      "div",
      { className: "scroll", role: "region", "aria-label": `Deliveries of ${destination.name}` },
      shown,
    ),
    older(shown, first.nextCursor, list),
  );
  return `The newest deliveries of ${destination.name} are shown.`;
}

/** Creates the button that adds the next older deliveries, while there are any. */
function older(shown: HTMLTableElement, cursor: string | null, list: List): HTMLElement {
  const { destination, page } = list;
  if (cursor === null) return element("p", { className: "quiet" }, "There are no older deliveries.");
  const more = button(
    "Older",
    () =>
      page.run("Reading deliveries", async () => {
        const next = await page.api.deliveries(destination.id, cursor);
        const rows = rowsOf(next.items, list);
        shown.tBodies[0]?.append(...rows);
        more.replaceWith(older(shown, next.nextCursor, list));
        rows[0]?.querySelector("button")?.focus();
        return `${next.items.length} more deliveries are shown.`;
      }),
    { describes: destination.name },
  );
  return more;
}

function rowsOf(deliveries: readonly DeliveryAnswer[], list: List): HTMLTableRowElement[] {
  return deliveries.flatMap((delivery) => {
    const cell = element("td", {}, detailOf(delivery, list));
    cell.colSpan = HEADS.length;
    const detail = element("tr", {}, cell);
    return [rowOf(delivery, detail, list.open), detail];
  });
}

function rowOf(
  delivery: DeliveryAnswer,
  detail: HTMLTableRowElement,
  open: Set<string>,
): HTMLTableRowElement {
  const last = delivery.attempts.at(-1);
  const cells = [
    delivery.id,
    `${delivery.lane} #${delivery.number}`,
    delivery.outcome,
    String(delivery.count),
    String(delivery.attempts.length),
    last === undefined ? "" : `${last.statusCode ?? last.error ?? "no answer"}, ${moment(last.at)}`,
    delivery.nextAttemptAt === null ? "" : moment(delivery.nextAttemptAt),
  ];
  const set = (isOpen: boolean): void => {
    if (isOpen) open.add(delivery.id);
    else open.delete(delivery.id);
    detail.hidden = !isOpen;
    details.ariaExpanded = String(isOpen);
  };
  const details = button("Details", async () => set(!open.has(delivery.id)), { describes: delivery.id });
  set(open.has(delivery.id));
  return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)), element("td", {}, details));
}

function detailOf(delivery: DeliveryAnswer, list: List): HTMLElement {
  const { id, lane, number, count, createdAt, closedAt, nextAttemptAt, parent, attempts } = delivery;
  return element(
    "div",
    { role: "group", "aria-label": `Delivery ${id}` },
    facts({
      Lane: `${lane} #${number}`,
      Events: String(count),
      Begun: moment(createdAt),
      Closed: closedAt === null ? undefined : moment(closedAt),
      "Next attempt": nextAttemptAt === null ? undefined : moment(nextAttemptAt),
      "Split from": parent ?? undefined,
    }),
    attempts.length === 0 ? element("p", {}, "No attempts yet.") : attemptTable(attempts),
    actions(delivery, list),
  );
}

function attemptTable(attempts: DeliveryAnswer["attempts"]): HTMLTableElement {
  const rows = attempts.map(({ attempt, at, statusCode, durationMs, error, answer }) => {
    const cells = [
      String(attempt),
      moment(at),
      statusCode === null ? "none" : String(statusCode),
      `${durationMs} ms`,
      error ?? "",
    ];
    const said = answer === null || answer === "" ? "" : element("code", {}, answer);
    return element("tr", {}, ...[...cells, said].map((cell) => element("td", {}, cell)));
  });
  return table("Attempts", ["#", "Time", "Status", "Duration", "Error", "Answer"], rows);
}

function actions(delivery: DeliveryAnswer, list: List): HTMLElement {
  const isOpen = delivery.outcome === "retry" || delivery.outcome === "suspend";
  const describes = delivery.id;
  const row = element("div", { className: "row" });
  if (isOpen) {
    row.append(
      button("Retry", () => retry(delivery, list, "will be retried within a minute"), { describes }),
      button("Skip", () => skip(delivery, list), { describes }),
    );
  } else {
    row.append(
      button("Send again", () => retry(delivery, list, "will be sent again by a replay"), { describes }),
    );
  }
  return row;
}

async function retry(
  { id }: DeliveryAnswer,
  { destination, page, reload }: List,
  does: string,
): Promise<void> {
  await page.run("Retrying", async () => {
    await page.api.retry(destination.id, id);
    await reload(id);
    return `${id} ${does}.`;
  });
}

async function skip({ id, count }: DeliveryAnswer, { destination, page, reload }: List): Promise<void> {
  const events = count === 1 ? "1 event" : `${count} events`;
  const consequence = `Its ${events} will not be delivered to ${destination.name}. The audit log records who skipped them.`;
  if (!(await confirmed(`Skip ${id}?`, consequence, `Skip ${events}`))) return;
  await page.run("Skipping", async () => {
    await page.api.skip(destination.id, id);
    await reload(id);
    return `${id} will be skipped within a minute.`;
  });
}
