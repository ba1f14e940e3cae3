import type { DestinationAnswer, TestAnswer } from "./api.ts";
import { showDeliveries } from "./deliveries.ts";
import { deleteDestination, editDestination, rotateSecret } from "./edit-destination.ts";
import { button, element, facts } from "./element.ts";
import { moment } from "./moment.ts";
import { showReplays } from "./replays.ts";
import type { Surroundings } from "./surroundings.ts";

/** A destination: its health at a glance, and what one does with it. */
export function destinationCard(destination: DestinationAnswer, page: Surroundings): HTMLElement {
  const { id, name, url, health } = destination;
  const results = element("div", { className: "results" });
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
      button("Replays", () => showReplays(destination, page, results), { describes: name }),
      toggle(destination, page),
      button("Edit", () => editDestination(destination, page, results), { describes: name }),
      button("Rotate secret", () => rotateSecret(destination, page), { describes: name }),
      button("Delete", () => deleteDestination(destination, page), { describes: name }),
    ),
    results,
  );
}

function healthFacts({
  id,
  format,
  eventTypes,
  headers,
  enabled,
  health,
}: DestinationAnswer): HTMLDListElement {
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
    // Its owner has not disabled it: then only the workspace's plan does.
    "Not delivering":
      enabled && health.status === "disabled" ? "the workspace's plan has no forwarding" : undefined,
    Events: eventTypes.length === 0 ? "all" : eventTypes.join(", "),
    Format: format,
    Headers: Object.keys(headers).join(", ") || undefined,
    Id: id,
  });
}

function toggle({ id, name, enabled, health }: DestinationAnswer, page: Surroundings): HTMLButtonElement {
  const stopped = !enabled || health.status === "suspended";
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
  page: Surroundings,
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
