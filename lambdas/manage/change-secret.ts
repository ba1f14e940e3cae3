import type { Destination, DestinationSecret } from "../core/destination/destination.ts";
import { type Problem, problems, RefusedError } from "../core/base/problem.ts";
import { tracesOf } from "../core/destination/field-values.ts";
import type { RegistryWrite } from "../core/destination/registry-write.ts";
import { isAbandoned, newSecretLock, type SecretLock } from "../core/destination/secret-lock.ts";
import { newSecretVersion, SecretVersionsError } from "../core/destination/secret-store.ts";
import { refuse } from "./call.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { contended } from "./guards.ts";

/** A change of a stored secret and of the rows that refer to it. Both functions may refuse it. */
export interface SecretChange {
  /** Returns the new content, given the present one. */
  content(current: DestinationSecret): DestinationSecret;
  /** Stores `row`, which names the new version, in one transaction with `release`, which removes the lock. */
  store(row: Destination, release: RegistryWrite): Promise<void>;
}

/** Writes a version of the secret, then the row that names it, so that a crash in between changes nothing. */
export async function changeSecret(
  row: Destination,
  change: SecretChange,
  dependencies: ManageDependencies,
): Promise<void> {
  const { secrets, registry, random } = dependencies;
  const lock = await takeLock(row, dependencies);
  const release: RegistryWrite = { kind: "remove", key: lock, version: lock.version };
  try {
    const value = change.content(await secrets.readSecret(row.secretName, row.secretVersion));
    const secretVersion = newSecretVersion(random);
    await secrets.changeSecret(row.secretName, row.secretVersion, secretVersion, value);
    await change.store({ ...row, secretVersion, ...tracesOf(value) }, release);
  } catch (error) {
    const refused = error instanceof SecretVersionsError ? new RefusedError(tooManyChanges()) : error;
    // After any other failure the change may have been stored or may still be, so the lock is left to expire.
    if (refused instanceof RefusedError) await registry.commit([release]);
    throw refused;
  }
}

function tooManyChanges(): Problem {
  return {
    kind: "too-many-secret-changes",
    title: "The secret or the headers were changed too often",
    status: 429,
    detail: "Nothing was changed. Repeat the request when the earliest changes are more than 24 hours ago.",
    limit: "about 100 in 24 hours for a destination",
  };
}

async function takeLock(row: Destination, dependencies: ManageDependencies): Promise<SecretLock> {
  const { registry, clock } = dependencies;
  const { workspace, destination } = row;
  const present = await registry.readSecretLock(workspace, destination);
  if (present !== undefined && !isAbandoned(present, clock())) refuse(contended());
  const fresh = newSecretLock(workspace, destination, clock());
  const lock: SecretLock = present === undefined ? fresh : { ...fresh, version: present.version + 1 };
  const result = await registry.commit([
    present === undefined
      ? { kind: "create", row: lock }
      : { kind: "replace", row: { ...fresh, version: present.version } },
  ]);
  if (result.kind !== "committed") refuse(contended());
  // The previous holder of the lock may have stored another version since the row was read. This change would then
  // overwrite it.
  const now = await registry.readDestination(workspace, destination);
  if (now?.version === row.version) return lock;
  await registry.commit([{ kind: "remove", key: lock, version: lock.version }]);
  return refuse(now === undefined ? problems.notFound("destination") : contended());
}
