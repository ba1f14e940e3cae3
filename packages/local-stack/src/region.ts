/** Where a local stack says it is. */
export const LOCAL_REGION = "us-east-1";
export const LOCAL_ACCOUNT = "000000000000";

/** `arn:aws:<service>:<region>:<account>:<rest>`. */
export function localArn(service: string, rest: string): string {
  return `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${rest}`;
}

/** For services whose names are the same everywhere, such as IAM. */
export function globalArn(service: string, rest: string): string {
  return `arn:aws:${service}::${LOCAL_ACCOUNT}:${rest}`;
}
