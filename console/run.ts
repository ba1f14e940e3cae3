import { RefusalError } from "./api.ts";
import { place } from "./element.ts";

/** Runs an action, tells how it ended, and shows a refusal: of a form in `beside`, which is read out there and not twice. */
export type Run = (
  doing: string,
  action: () => Promise<string | undefined>,
  beside?: HTMLElement,
) => Promise<void>;

export const run: Run = async (doing, action, beside) => {
  beside?.replaceChildren();
  tell(`${doing} …`);
  try {
    tell((await action()) ?? "");
  } catch (error) {
    const text = error instanceof RefusalError ? error.message : `${doing} failed: ${String(error)}`;
    if (beside === undefined) tell(text, true);
    else {
      tell("");
      show("echo", text, true);
      beside.textContent = text;
    }
  }
};

export function tell(text: string, bad = false): void {
  show("echo", "");
  show("status", text, bad);
}

function show(id: string, text: string, bad = false): void {
  const told = place(id);
  told.className = bad ? "bad" : "";
  told.textContent = text;
}
