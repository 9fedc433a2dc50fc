import type { Authenticator, TokenStore } from '../maintenance/refresh-token.ts';
import type { FileGateway } from '../maintenance/upload-files.ts';
import type { InquiryGateway } from '../pipeline/expire.ts';
import type { ReportGateway } from '../pipeline/receive-reports.ts';
import type { SendGateway } from '../pipeline/send/ports.ts';
import { type GatewayUrl, parseGatewayUrl } from '../settings/gateway-url.ts';
import { connectGrpc } from './grpc/grpc-gateway.ts';

/** The gateway, whatever the transport: what the parts that call it need of it, and what a connection needs. */
export interface Gateway extends SendGateway, ReportGateway, InquiryGateway, FileGateway, Authenticator {
  /** Calls under way go on to their end; report streams are closed by who opened them. */
  close(): void;
}

/** Who the agent is at the gateway. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What every transport is made of. */
export interface TransportOptions {
  /** Read for each token, about once a day. */
  readonly credentials: () => Promise<Credentials>;
  /** Undefined: a token of its own. */
  readonly tokens?: TokenStore;
  /** For everything that one send or inquire does: connecting, the token, the call. */
  readonly deadlineMs?: number;
  /** Between two heartbeats of ours on a report stream. */
  readonly heartbeatMs?: number;
  /** A report stream without a word for so long is broken. */
  readonly silenceMs?: number;
  /** A report stream ends in good order after so long, so that gateways can move streams about. */
  readonly reopenMs?: number;
  /** A connection not used for so long is replaced: a paused function does not notice that its peer has gone. */
  readonly idleMs?: number;
  /** Called for reports that cannot be used and are left out of their batch; no personal data. */
  readonly onBadReport?: (reason: string) => void;
  /** Called for each call that the gateway declined because of who calls. */
  readonly onCredentialsRefused?: () => void;
}

export interface GatewayOptions extends TransportOptions {
  /** Its scheme names the transport. */
  readonly url: string;
  /** The one host beside this machine that may be reached in plain text; undefined for none. */
  readonly plaintextHost: string | undefined;
}

const transports: Readonly<Record<GatewayUrl['transport'], (to: GatewayUrl, options: TransportOptions) => Gateway>> = {
  grpc: connectGrpc,
};

/** Connects when first used. Throws a ConfigurationError for a URL that must not be opened, or that no transport is for. */
export function connectGateway({ url, plaintextHost, ...options }: GatewayOptions): Gateway {
  const to = parseGatewayUrl(url, plaintextHost);
  return transports[to.transport](to, options);
}
