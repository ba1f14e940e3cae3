/** A delivery whose batch covers an event's place in the journal. */
export interface EventDelivery {
  destination: string;
  /** `whd_…` */
  id: string;
  outcome: string;
  frozenAt: string;
}
