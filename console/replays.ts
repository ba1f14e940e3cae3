import type { DestinationAnswer, ReplayAnswer, ReplayCount, ReplayTimes } from "./api.ts";
import { confirmed } from "./confirm.ts";
import { button, element, table } from "./element.ts";
import { field, focusFirst, form, input } from "./form.ts";
import { moment } from "./moment.ts";
import type { Surroundings } from "./surroundings.ts";

interface Panel {
  destination: DestinationAnswer;
  page: Surroundings;
  /** Reloads the list of replays. */
  reload(): Promise<void>;
  /** The refresh button. Takes the focus when the button that had it disappears. */
  again: HTMLButtonElement;
}

/** Shows the progress of replays in `results`, and the form that starts one. */
export async function showReplays(
  destination: DestinationAnswer,
  page: Surroundings,
  results: HTMLElement,
): Promise<void> {
  const list = element("div");
  const reload = async (): Promise<void> => {
    const replays = await page.api.replays(destination.id);
    list.replaceChildren(replayList(replays, panel));
    again.hidden = replays.length === 0;
  };
  const refresh = (): Promise<void> =>
    page.run("Reading replays", async () => {
      await reload();
      return `The replays of ${destination.name} are up to date.`;
    });
  const again = button("Refresh progress", refresh, { describes: destination.name });
  const panel: Panel = { destination, page, reload, again };
  await page.run("Reading replays", async () => {
    await reload();
    const made = replayForm(panel);
    results.replaceChildren(list, again, made);
    focusFirst(made);
    return undefined;
  });
}

function replayList(replays: readonly ReplayAnswer[], panel: Panel): HTMLElement {
  const { destination } = panel;
  if (replays.length === 0) return element("p", {}, "No replays yet.");
  const heads = ["Begun", "From", "To", "Events", "Status", "Progress", ""];
  return element(
    "div",
    { className: "scroll", role: "region", "aria-label": `Replays of ${destination.name}` },
    table(
      "Replays, newest first",
      heads,
      replays.map((replay) => replayRow(replay, panel)),
    ),
  );
}

function replayRow(replay: ReplayAnswer, panel: Panel): HTMLTableRowElement {
  const { id, createdAt, from, to, status, progress } = replay;
  const bar = element("progress", { "aria-label": `Progress of ${id}` });
  bar.value = progress;
  const canCancel = status !== "done" && status !== "cancelled";
  const cells = [
    moment(createdAt),
    moment(from),
    moment(to),
    countOf(replay),
    status,
    element("span", {}, bar, ` ${Math.floor(progress * 100)} %`),
    canCancel ? button("Cancel", () => cancel(replay, panel), { describes: id }) : "",
  ];
  return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
}

/** The API counts events that a filter lets through only up to a limit. */
function countOf({ events, exact }: Pick<ReplayCount, "events" | "exact">): string {
  return exact ? String(events) : `at most ${events}`;
}

function replayForm(panel: Panel): HTMLElement {
  const { destination, page } = panel;
  const from = timeInput("from");
  const to = timeInput("to");
  const counted = element("div", { "aria-live": "polite" });
  // Only a range that was counted can be started, so changed times have to be counted first.
  for (const control of [from, to]) control.addEventListener("input", () => counted.replaceChildren());
  const count = async (): Promise<undefined> => {
    const times = { from: new Date(from.value).toISOString(), to: new Date(to.value).toISOString() };
    counted.replaceChildren(offer(await page.api.countReplay(destination.id, times), times, panel, counted));
  };
  const submit = (beside: HTMLElement): Promise<void> => page.run("Counting", count, beside);
  return element(
    "div",
    {},
    element("h3", {}, "Deliver recorded events again"),
    form(
      `Replay to ${destination.name}`,
      "Count first",
      submit,
      field("From", from, "Time of recording, in your time zone"),
      field("To", to, "Events recorded before this"),
    ),
    counted,
  );
}

function timeInput(name: string): HTMLInputElement {
  const made = input(name, { type: "datetime-local", required: true });
  made.step = "1";
  return made;
}

function offer(count: ReplayCount, times: ReplayTimes, panel: Panel, counted: HTMLElement): HTMLElement {
  const { destination, page, reload, again } = panel;
  if (count.events === 0) return element("p", {}, "There are no events to deliver in this time range.");
  const start = (): Promise<void> =>
    page.run("Starting", async () => {
      await page.api.startReplay(destination.id, times);
      counted.replaceChildren();
      await reload();
      again.focus();
      return `Delivering to ${destination.name} again.`;
    });
  return element(
    "div",
    { className: "row" },
    element("p", {}, `A replay would deliver ${countOf(count)} events.`),
    button("Start replay", start, { main: true, describes: destination.name }),
  );
}

async function cancel({ id }: ReplayAnswer, { page, destination, reload, again }: Panel): Promise<void> {
  const consequence =
    "It will not deliver the remaining events. Deliveries that are being sent may still arrive.";
  if (!(await confirmed(`Cancel ${id}?`, consequence, "Cancel replay"))) return;
  await page.run("Cancelling", async () => {
    await page.api.cancelReplay(destination.id, id);
    await reload();
    again.focus();
    return `${id} is cancelled.`;
  });
}
