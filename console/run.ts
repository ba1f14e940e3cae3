import { place } from "./element.ts";
import { RefusalError } from "./refusal.ts";
import { visible } from "./visible-text.ts";

/** A sentence that says how an action ended; `bad` if it was carried out with an undesired result. */
export type Outcome = string | { bad: string } | undefined;

/**
 * Runs an action and shows how it ended. The error of a form appears only in `beside`, so that a screen reader
 * announces it once.
 */
export type Run = (doing: string, action: () => Promise<Outcome>, beside?: HTMLElement) => Promise<void>;

export const run: Run = async (doing, action, beside) => {
  beside?.replaceChildren();
  tell(`${doing} …`);
  try {
    tell((await action()) ?? "");
  } catch (error) {
    // Any other error is a bug of this page, so it is reported in the browser's console.
    if (!(error instanceof RefusalError)) reportError(error);
    const failed = `${doing} failed in this page. Reload it, then try again.`;
    refuse(error instanceof RefusalError ? error.message : failed, beside);
  }
};

export function tell(outcome: string | { bad: string }): void {
  show("echo", "");
  if (typeof outcome === "string") show("status", outcome);
  else show("status", outcome.bad, true);
}

function refuse(text: string, beside: HTMLElement | undefined): void {
  if (beside === undefined) return tell({ bad: text });
  tell("");
  show("echo", text, true);
  beside.replaceChildren(visible(text));
}

function show(id: string, text: string, bad = false): void {
  const message = place(id);
  message.className = bad ? "bad" : "";
  message.replaceChildren(visible(text));
}
