import { place } from "./element.ts";
import { RefusalError } from "./refusal.ts";
import { visible } from "./visible-text.ts";

/** How an action ended, in a sentence; `bad` when it was done and came to nothing good. */
export type Outcome = string | { bad: string } | undefined;

/** Runs an action, tells how it ended, and shows a refusal: of a form in `beside`, which is read out there and not twice. */
export type Run = (doing: string, action: () => Promise<Outcome>, beside?: HTMLElement) => Promise<void>;

export const run: Run = async (doing, action, beside) => {
  beside?.replaceChildren();
  tell(`${doing} …`);
  try {
    tell((await action()) ?? "");
  } catch (error) {
    // Anything but a refusal is a fault of this page, which is for its developers to read.
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
  const told = place(id);
  told.className = bad ? "bad" : "";
  told.replaceChildren(visible(text));
}
