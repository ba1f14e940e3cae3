/** An event on the stack's event bus. Rules outside of this project match its names, so they must not change. */
export interface OwnerEvent {
  /** For example `Destination failing`, `Destination suspended` or `Events expiring`. */
  detailType: string;
  detail: object;
}

/** Publishes events for owners of destinations. */
export interface OwnerEvents {
  put(event: OwnerEvent): Promise<void>;
}
