import type { Destination, DestinationSecret } from "./destination.ts";

export interface DestinationReader {
  readDestination(workspace: string, destination: string): Promise<Destination | undefined>;
}

export interface SecretReader {
  /**
   * One version of a destination's secret, as its row names it (`secretVersion`): it never changes, so a rotation counts from the
   * next attempt on, whatever is cached. `undefined` when the secret is gone.
   */
  readSecret(secretName: string, secretVersion: string): Promise<DestinationSecret | undefined>;
}
