import { button, element, place } from "./element.ts";
import { focusFirst } from "./form.ts";
import { RefusalError } from "./refusal.ts";
import { run, tell } from "./run.ts";
import { forgetSession, savedSession, saveSession, type Session } from "./session.ts";
import { signIn } from "./sign-in.ts";
import { workspaceView } from "./workspace.ts";

const main = place("main");
const where = place("where");
const leave = place("leave");

function showHead(workspace: string): void {
  where.textContent = workspace;
  leave.hidden = workspace === "";
}

function showSignIn(workspace = ""): void {
  showHead("");
  main.replaceChildren(element("h2", {}, "Open a workspace"), signIn(run, workspace, open));
  focusFirst(main);
}

/**
 * Opens the workspace of a session.
 *
 * @throws RefusalError when the token is not allowed to read it
 */
async function open(session: Session): Promise<void> {
  const view = await workspaceView(session);
  saveSession(session);
  showHead(session.workspace);
  main.replaceChildren(...view);
  main.focus();
}

/**
 * Opens the saved session again. Forgets the token only if it was refused; after any other failure it may be valid and
 * can be retried.
 */
function reopen(session: Session): Promise<void> {
  return run("Opening", async () => {
    try {
      await open(session);
    } catch (error) {
      if (error instanceof RefusalError && (error.status === 401 || error.status === 403)) {
        forgetSession();
        showSignIn(session.workspace);
      } else showRetry(session);
      throw error;
    }
    return undefined;
  });
}

function showRetry(session: Session): void {
  showHead(session.workspace);
  const retry = button("Retry", () => reopen(session), { main: true });
  main.replaceChildren(
    element("h2", {}, `${session.workspace} could not be opened`),
    element("p", {}, "Your token is still in this tab."),
    retry,
  );
  retry.focus();
}

leave.addEventListener("click", () => {
  forgetSession();
  tell("");
  showSignIn();
});

const saved = savedSession();
if (saved === undefined) showSignIn();
else await reopen(saved);
