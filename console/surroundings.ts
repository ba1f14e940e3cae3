import type { Api, DestinationAnswer } from "./api.ts";
import type { Run } from "./run.ts";

/** Buttons of a destination's card. */
export type CardAction = "test" | "deliveries" | "replays" | "toggle" | "edit" | "rotate" | "remove";

/** What a part of the page may use of the page around it. */
export interface Surroundings {
  api: Api;
  run: Run;
  /** Updates a destination's card. Open sections of all cards stay. */
  show(destination: DestinationAnswer): void;
  /** Removes the card of a deleted destination. */
  drop(id: string): void;
  /** Focuses a button of a destination's card. */
  focus(id: string, action: CardAction): void;
  /** Shows a secret until the user has stored it, then focuses a button of the destination's card. */
  showSecret(of: Pick<DestinationAnswer, "id" | "name">, secret: string, next: CardAction): void;
}
