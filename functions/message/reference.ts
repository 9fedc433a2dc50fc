/**
 * Our name for a message at the gateway: `<installation>.<client_key>.<batch_id>`. Customers reuse a client_key once its
 * row is archived, and two databases may share an account: only all three together identify one sending of one row.
 */
export interface Reference {
  readonly installation: string;
  readonly clientKey: string;
  readonly batchId: string;
}

export function formatReference({ installation, clientKey, batchId }: Reference): string {
  return `${installation}.${clientKey}.${batchId}`;
}

/** The parts of a reference; undefined if no OMNI Agent made it. */
export function parseReference(reference: string): Reference | undefined {
  const match = /^([a-z0-9]{1,32})\.(-?\d{1,19})\.(\d{1,19})$/.exec(reference);
  const [, installation, clientKey, batchId] = match ?? [];
  if (installation === undefined || clientKey === undefined || batchId === undefined) return undefined;
  // A number beyond bigint would fail the statement, which stores other reports too.
  if (!isBigint(clientKey) || !isBigint(batchId)) return undefined;
  return { installation, clientKey, batchId };
}

function isBigint(digits: string): boolean {
  const value = BigInt(digits);
  return BigInt.asIntN(64, value) === value;
}
