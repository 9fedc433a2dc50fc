import { batchEdges, rowEdges } from './state-chart.ts';

/** Ways that a sender's look at a batch can end. */
const sendOutcomes = [
  'send: sent',
  'send: settled',
  'send: held',
  'send: slotTooFar',
  'send: changed',
  'send: empty',
  'send: notNow',
  'send: inDoubt',
  'send: reopened',
] as const;

/** What the protocol is made for, and the charts do not show. */
const moments = [
  'a member leaves its batch before the seal',
  'a rejected member beside accepted ones',
  'a report before the answer',
  'an answer repeated under its key',
  'a call under a closed key',
  'Inquire finds the batch',
  'Inquire closes the key',
  'Inquire after the lifetime of the key',
  'a lease taken over while its sender waits for the gateway',
  'a settlement after a takeover',
  'a report that never finds its row',
  'a batch closed by its reports',
] as const;

export type Moment = (typeof moments)[number];

/** Every edge of the state charts, every outcome and every moment: the simulation must have seen each of them. */
export const knownEdges: readonly string[] = [
  ...rowEdges.map((edge) => `row ${edge}`),
  ...batchEdges.map((edge) => `batch ${edge}`),
  ...sendOutcomes,
  ...moments,
];
