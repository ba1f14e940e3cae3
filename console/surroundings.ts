import type { Api } from "./api.ts";

/** What a part of the page can ask of the page around it. */
export interface Surroundings {
  api: Api;
  /** Runs an action, tells how it ended, and shows a refusal. */
  run(doing: string, action: () => Promise<string | undefined>): Promise<void>;
  refresh(): Promise<void>;
  /** Shows a secret until its owner has kept it; a refresh leaves it there. */
  showSecret(name: string, secret: string): void;
}
