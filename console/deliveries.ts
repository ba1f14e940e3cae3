import type { DeliveryAnswer, DestinationAnswer } from "./api.ts";
import { confirmed } from "./confirm.ts";
import { button, element, facts, table } from "./element.ts";
import { moment } from "./moment.ts";
import type { Surroundings } from "./surroundings.ts";

/** What the rows of one destination's list need. */
interface List {
  destination: DestinationAnswer;
  page: Surroundings;
  /** Reads the list anew, from its beginning. */
  reload(): Promise<void>;
}

const HEADS = ["Delivery", "Lane", "Outcome", "Events", "Attempts", "Last answer", "Next attempt", ""];

/** Shows the newest deliveries in `results`, and older ones as asked. */
export async function showDeliveries(
  destination: DestinationAnswer,
  page: Surroundings,
  results: HTMLElement,
): Promise<void> {
  await page.run("Reading deliveries", async () => {
    await fillDeliveries(destination, page, results);
    return undefined;
  });
}

async function fillDeliveries(
  destination: DestinationAnswer,
  page: Surroundings,
  results: HTMLElement,
): Promise<void> {
  const reload = (): Promise<void> => fillDeliveries(destination, page, results);
  const list: List = { destination, page, reload };
  const first = await page.api.deliveries(destination.id);
  if (first.items.length === 0) return results.replaceChildren(element("p", {}, "No deliveries yet."));
  const shown = table("Newest deliveries", HEADS, rowsOf(first.items, list));
  results.replaceChildren(
    element(
      "div",
      { className: "scroll", role: "region", "aria-label": `Deliveries of ${destination.name}` },
      shown,
    ),
    older(shown, first.nextCursor, list),
  );
}

/** The button that adds the next older ones, while there are any. */
function older(shown: HTMLTableElement, cursor: string | null, list: List): HTMLElement {
  const { destination, page } = list;
  if (cursor === null) return element("p", { className: "quiet" }, "There are no older ones.");
  const more = button(
    "Older",
    () =>
      page.run("Reading deliveries", async () => {
        const next = await page.api.deliveries(destination.id, cursor);
        shown.tBodies[0]?.append(...rowsOf(next.items, list));
        more.replaceWith(older(shown, next.nextCursor, list));
        return undefined;
      }),
    { describes: destination.name },
  );
  return more;
}

function rowsOf(deliveries: readonly DeliveryAnswer[], list: List): HTMLTableRowElement[] {
  return deliveries.flatMap((delivery) => {
    const cell = element("td", {}, detailOf(delivery, list));
    cell.colSpan = HEADS.length;
    const detail = element("tr", { hidden: true }, cell);
    return [rowOf(delivery, detail), detail];
  });
}

function rowOf(delivery: DeliveryAnswer, detail: HTMLTableRowElement): HTMLTableRowElement {
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
  const open = button(
    "Details",
    async () => {
      detail.hidden = !detail.hidden;
      open.ariaExpanded = String(!detail.hidden);
    },
    { describes: delivery.id },
  );
  open.ariaExpanded = "false";
  return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)), element("td", {}, open));
}

function detailOf(delivery: DeliveryAnswer, list: List): HTMLElement {
  const { id, createdAt, closedAt, nextAttemptAt, parent, attempts } = delivery;
  return element(
    "div",
    { role: "group", "aria-label": `Delivery ${id}` },
    facts({
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
      button("Retry", () => retry(delivery, list, "is tried again within a minute"), { describes }),
      button("Skip", () => skip(delivery, list), { describes }),
    );
  } else {
    row.append(
      button("Send again", () => retry(delivery, list, "goes once more, as a replay"), { describes }),
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
    await reload();
    return `${id} ${does}.`;
  });
}

async function skip({ id, count }: DeliveryAnswer, { destination, page, reload }: List): Promise<void> {
  const events = count === 1 ? "1 event" : `${count} events`;
  const consequence = `Its ${events} will not be delivered to ${destination.name}. The audit log says who skipped them.`;
  if (!(await confirmed(`Skip ${id}?`, consequence, `Skip ${events}`))) return;
  await page.run("Skipping", async () => {
    await page.api.skip(destination.id, id);
    await reload();
    return `${id} is skipped within a minute.`;
  });
}
