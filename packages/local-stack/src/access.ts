/**
 * What another process needs to use the stack of a data folder, whether it runs or not: tokens, the stack's time and
 * its certificates.
 */
export { ADMIN_KEY } from "./access-keys.ts";
export { readClock, type Clock } from "./clock.ts";
export { SigningKeyError } from "./errors.ts";
export { LOCAL_ACCOUNT, LOCAL_REGION } from "./region.ts";
export { authorityFiles, ensureAuthority, issueServerCertificate, type Certificate } from "./tls.ts";
export { issueToken, verificationKeys, type TokenRequest } from "./token.ts";
