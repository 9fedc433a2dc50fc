import { batchEdges, rowEdges } from './state-chart.ts';

/** The outcomes of a sender's work on a batch. */
const sendOutcomes = [
  'send: sent',
  'send: settled',
  'send: held',
  'send: slotTooFar',
  'send: lost',
  'send: empty',
  'send: notNow',
  'send: refused',
  'send: inDoubt',
  'send: reopened',
] as const;

/** The steps that skip a row which a customer's code blocks. */
const asideSteps = [
  'put aside: claim',
  'put aside: seal',
  'put aside: settle',
  'put aside: split',
  'put aside: merge',
  'put aside: late',
  'put aside: archive',
  'put aside: expire',
] as const;

/** Situations that the protocol is made for and that the charts do not show. */
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
  'a batch given back after a takeover',
  'a report that never finds its row',
  'a late report changes a count',
  'an inquiry finds a lost report',
  'nobody knows what became of a message',
  'a result after E931',
  'a batch closed by its reports',
  'a change takes a row out of its batch',
  'a hold that comes too late',
  'an end that comes too late',
  'a client_key that is fixed',
  'a channel_order that is fixed',
  'a copy of a row in the log',
  'an old entity written back after the send',
  'a member that was left behind is freed',
  'a row that was in the way goes on',
  'a column of the customer is added to the log',
  'a refused request is halved',
  'the one refused member ends',
  'a number is banned between the lease and the seal',
  'a number is banned in another spelling',
  'a banned text is refused by the sender',
  'a row waits until its ban is lifted',
  'a ban list that is truncated and reloaded',
  'a ban list is published',
  'an entry that bans nothing is told of',
  'a sender that is warm loads the texts anew',
  'a file is uploaded',
  'a key is renewed',
  'a file is registered again from another path',
  'a row goes on when its file is renewed',
  'a row is sent with a newer key than it names',
] as const;

export type Moment = (typeof moments)[number];

/** Every edge of the state charts, every outcome and every moment: the simulation must have seen them all. */
export const knownEdges: readonly string[] = [
  ...rowEdges.map((edge) => `row ${edge}`),
  ...batchEdges.map((edge) => `batch ${edge}`),
  ...sendOutcomes,
  ...asideSteps,
  ...moments,
];
