/** Workspace and token of the signed-in user. */
export interface Session {
  token: string;
  workspace: string;
}

const KEY = "trailcast-session";

/** Stored for this tab only, so that closing it forgets the token. */
export function savedSession(): Session | undefined {
  const text = sessionStorage.getItem(KEY);
  if (text === null) return undefined;
  const [token, workspace] = text.split("\n");
  return token === undefined || workspace === undefined ? undefined : { token, workspace };
}

export function saveSession({ token, workspace }: Session): void {
  sessionStorage.setItem(KEY, `${token}\n${workspace}`);
}

export function forgetSession(): void {
  sessionStorage.removeItem(KEY);
}
