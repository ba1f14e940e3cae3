/** An event on the stack's bus. Rules of other people match its names, so none of them changes. */
export interface OwnerEvent {
  /** `Destination failing`, `Destination suspended`, `Events expiring` … */
  detailType: string;
  detail: object;
}

/** Carries what owners want to hear of. */
export interface OwnerEvents {
  put(event: OwnerEvent): Promise<void>;
}
