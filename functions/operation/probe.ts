/** What the probe needs of the gateway: no stream of reports, and no message. */
export interface ProbedGateway {
  authenticate(): Promise<unknown>;
}

export type Probe =
  | { readonly outcome: 'answered' }
  /** In the words of the gateway, or of the network on the way to it. */
  | { readonly outcome: 'failed'; readonly reason: string };

const mostReason = 200;

/** Asks the gateway for a token, and for nothing else: its report stream, its messages and its quota of them are untouched. */
export async function probe(gateway: ProbedGateway): Promise<Probe> {
  try {
    await gateway.authenticate();
    return { outcome: 'answered' };
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { outcome: 'failed', reason: line.slice(0, mostReason) };
  }
}
