import { createApi } from "./api.ts";
import { button, element } from "./element.ts";
import { field, focusFirst, form, input } from "./form.ts";
import type { Run } from "./run.ts";
import { forgetSession, saveSession, type Session } from "./session.ts";

const HINT =
  "A bearer token with the scopes destinations:read and destinations:write. It is stored in this tab only.";

/** Creates the form that opens a workspace. */
export function signIn(run: Run, workspace: string, open: (session: Session) => Promise<void>): HTMLElement {
  const named = input("workspace", { required: true });
  named.value = workspace;
  const token = tokenInput();
  const act = async (): Promise<undefined> => {
    await open({ workspace: named.value.trim(), token: token.value.trim() });
  };
  return form(
    "Open a workspace",
    "Open",
    (beside) => run("Opening", act, beside),
    field("Workspace", named, "For example ws_demo"),
    field("Token", token, HINT),
  );
}

function tokenInput(): HTMLInputElement {
  return input("token", { type: "password", required: true });
}

/** Asks for another token in a dialog over the open page and stores it in `session`. */
export function signInAgain(run: Run, session: Session): void {
  forgetSession();
  // When several requests are refused together, the first one has already opened the dialog.
  if (document.querySelector("dialog.sign-in") !== null) return;
  const label = "Sign in again";
  const dialog = element("dialog", { className: "card sign-in", "aria-label": label });
  const token = tokenInput();
  const act = async (): Promise<string> => {
    const fresh = { ...session, token: token.value.trim() };
    await createApi(fresh).list();
    session.token = fresh.token;
    saveSession(session);
    dialog.close();
    return "Signed in again. Repeat the action that was refused.";
  };
  dialog.append(
    element("h3", {}, label),
    element(
      "p",
      {},
      `The token for ${session.workspace} is not valid or has expired. Enter another one to continue here.`,
    ),
    form(label, "Continue", (beside) => run("Signing in", act, beside), field("Token", token, HINT)),
    button("Not now", async () => dialog.close()),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  focusFirst(dialog);
}
