import { ConfigurationError } from './configuration-error.ts';

/** How to reach the gateway, as its URL says. */
export interface GatewayUrl {
  readonly transport: 'grpc';
  readonly isEncrypted: boolean;
  readonly host: string;
  /** `host:port`. */
  readonly address: string;
}

type Scheme = Pick<GatewayUrl, 'transport' | 'isEncrypted'>;

const schemes: ReadonlyMap<string, Scheme> = new Map([
  ['grpcs', { transport: 'grpc', isEncrypted: true }],
  ['grpc', { transport: 'grpc', isEncrypted: false }],
]);

/** What is sent there does not leave the machine. */
const loopback: readonly string[] = ['127.0.0.1', 'localhost'];

export const expectedGatewayUrl = 'grpcs://host:port, or grpc://127.0.0.1:port for a gateway on this machine';

/** Undefined if it is no host and port, or if no transport has its scheme. */
export function readGatewayUrl(url: string): GatewayUrl | undefined {
  const [, name = '', host = '', port = ''] = /^([a-z][a-z0-9+.-]*):\/\/([A-Za-z0-9._-]+):(\d{1,5})$/.exec(url) ?? [];
  const scheme = schemes.get(name);
  if (scheme === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { ...scheme, host, address: `${host}:${port}` };
}

/**
 * What is wrong with a URL that must not be opened; undefined if nothing is, or if it is none of a gateway at all. A plain
 * connection carries the token and every message for all to read: only on this machine, and to `plaintextHost`, if that is set.
 */
export function plaintextProblem(url: string, plaintextHost: string | undefined): string | undefined {
  const read = readGatewayUrl(url);
  if (read === undefined || read.isEncrypted || loopback.includes(read.host) || read.host === plaintextHost)
    return undefined;
  return `expected ${expectedGatewayUrl}${plaintextHost === undefined ? '' : `, or grpc://${plaintextHost}:port`}`;
}

/** Throws a ConfigurationError for a URL that must not be opened, or whose scheme has no transport. */
export function parseGatewayUrl(url: string, plaintextHost: string | undefined): GatewayUrl {
  const read = readGatewayUrl(url);
  const problem = plaintextProblem(url, plaintextHost);
  if (read !== undefined && problem === undefined) return read;
  throw new ConfigurationError(
    `gateway URL: ${problem ?? `expected ${expectedGatewayUrl}`}, got ${JSON.stringify(url)}`,
  );
}
