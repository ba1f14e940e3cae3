import type { Api } from "./api.ts";
import type { Run } from "./run.ts";

/** What a part of the page can ask of the page around it. */
export interface Surroundings {
  api: Api;
  run: Run;
  refresh(): Promise<void>;
  /** Shows a secret until its owner has kept it; a refresh leaves it there. */
  showSecret(name: string, secret: string): void;
}
