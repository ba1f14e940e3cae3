/** The function uses nothing but its event. */
export function connectMapGroups(): void {}
