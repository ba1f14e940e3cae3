/** The function touches nothing beyond the event. */
export function connectMapGroups(): void {}
