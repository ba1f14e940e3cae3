/** The Region of a local stack. */
export const LOCAL_REGION = "us-east-1";
export const LOCAL_ACCOUNT = "000000000000";

/** `arn:aws:<service>:<region>:<account>:<rest>`. */
export function localArn(service: string, rest: string): string {
  return `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${rest}`;
}

/** For services whose ARNs have no Region, such as IAM. */
export function globalArn(service: string, rest: string): string {
  return `arn:aws:${service}::${LOCAL_ACCOUNT}:${rest}`;
}
