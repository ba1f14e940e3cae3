/** Access key of whoever owns the local stack: everything is allowed. */
export const ADMIN_KEY = "LOCALADMIN";

/** Begins the access key of a function's calls; its logical id follows. */
export const FUNCTION_KEY_PREFIX = "LOCAL";
