/**
 * Our name of a message at the gateway: `<installation>.<client_key>.<batch_id>`. Customers use a client_key again once
 * its row is archived, and two databases may share an account: the three together name one sending of one row.
 */
export interface Reference {
  readonly installation: string;
  readonly clientKey: string;
  readonly batchId: string;
}

export function formatReference({ installation, clientKey, batchId }: Reference): string {
  return `${installation}.${clientKey}.${batchId}`;
}

/** The parts of a reference; undefined if it is not one of an OMNI agent. */
export function parseReference(reference: string): Reference | undefined {
  const match = /^([a-z0-9]{1,32})\.(-?\d{1,19})\.(\d{1,19})$/.exec(reference);
  const [, installation, clientKey, batchId] = match ?? [];
  if (installation === undefined || clientKey === undefined || batchId === undefined) return undefined;
  // A number that is no bigint would fail the statement that stores the others too.
  if (!isBigint(clientKey) || !isBigint(batchId)) return undefined;
  return { installation, clientKey, batchId };
}

function isBigint(digits: string): boolean {
  const value = BigInt(digits);
  return BigInt.asIntN(64, value) === value;
}
