/** Access key of the local stack's owner, who may do everything. */
export const ADMIN_KEY = "LOCALADMIN";

/** A function's access key begins with this; its logical id follows. */
export const FUNCTION_KEY_PREFIX = "LOCAL";
