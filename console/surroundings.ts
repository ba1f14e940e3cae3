import type { Api, DestinationAnswer } from "./api.ts";
import type { Run } from "./run.ts";

/** The buttons of a destination's card. */
export type CardAction = "test" | "deliveries" | "replays" | "toggle" | "edit" | "rotate" | "remove";

/** What a part of the page can ask of the page around it. */
export interface Surroundings {
  api: Api;
  run: Run;
  /** Draws a destination as it is now. What is open in its card, and in those of others, stays. */
  show(destination: DestinationAnswer): void;
  /** Takes away the card of a destination that is no more. */
  drop(id: string): void;
  /** Goes to a button of a destination's card. */
  focus(id: string, action: CardAction): void;
  /** Shows a secret until its owner has kept it, then goes to a button of the destination's card. */
  showSecret(of: Pick<DestinationAnswer, "id" | "name">, secret: string, next: CardAction): void;
}
