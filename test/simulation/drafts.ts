import { type CampaignRow, campaignRow } from '../../bin/local/campaign/campaign.ts';
import { usesOption } from './bans.ts';
import type { Hands } from './habit.ts';
import { validitySeconds } from './habits-inserts.ts';
import type { Random } from './random.ts';
import { escaped, spelledChain, spelledNumber } from './spellings.ts';
import type { RowTruth } from './truth.ts';

const hourMs = 3_600_000;
/** Larger than a message may be. */
const heavy = `{"title":"${'x'.repeat(70_000)}"}`;

/** When a row may be sent, and what is wrong with it. */
export interface Plan {
  readonly dueInMs: number;
  readonly ttl: number | null;
  readonly isMalformed: boolean;
  /** Replaces the campaign's. */
  readonly chain?: readonly string[];
}

export function randomPlan(random: Random, isPatient: boolean): Plan {
  const plain = { dueInMs: 0, ttl: null, isMalformed: false };
  if (isPatient) return { ...plain, ttl: 3 * validitySeconds };
  const die = random.next();
  if (die < 0.1) return { ...plain, dueInMs: random.between(5_000, 90_000) };
  if (die < 0.2) return { ...plain, ttl: random.integer(3, 120) };
  if (die < 0.25) return { ...plain, dueInMs: -random.between(0, 20) * hourMs, ttl: validitySeconds };
  if (die < 0.28) return { ...plain, isMalformed: true };
  // Two channels that share a column group.
  if (die < 0.5)
    return {
      ...plain,
      chain: random.pick([
        ['sms', 'mms'],
        ['mms', 'sms'],
      ]),
    };
  return { ...plain, ttl: random.pick([null, validitySeconds]) };
}

interface Draft {
  readonly values: CampaignRow;
  readonly truth: Pick<RowTruth, 'chain' | 'recipient' | 'number' | 'note' | 'isMalformed'>;
}

/** The columns of a row, as this customer writes them. */
export function drafted(
  plan: Plan,
  {
    id,
    clientKey,
    count,
    hands,
  }: { id: string; clientKey: string; count: number; hands: Pick<Hands, 'world' | 'ledger'> },
): Draft {
  const { random } = hands.world;
  const row = named(campaignRow(clientKey, count), id, plan);
  const chain = plan.chain ?? row.channel_order.split(',');
  const others = [...hands.ledger.rows.values()].filter((other) => other.number !== '');
  // Some recipients get several messages.
  const number =
    others.length > 0 && random.chance(0.15) ? random.pick(others).number : `010${row.recipient.slice(-8)}`;
  const recipient = spelledNumber(random, number);
  const note = usesOption(chain) && random.chance(0.6) ? id : undefined;
  const options = note === undefined ? optionsOf(row, chain, random) : { kko_option: noteOf(id) };
  const values = { ...row, ...options, channel_order: spelledChain(random, chain), recipient };
  const truth = { chain, recipient, number, note, isMalformed: plan.isMalformed };
  return plan.isMalformed ? malformed({ values, truth }, random) : { values, truth };
}

function noteOf(id: string): string {
  return `{"title":"Your order","buttons":[{"name":"${escaped(`${id} note`)}"}]}`;
}

/** No options, in some spelling; or anything at all, if the row does not use the channel. */
function optionsOf(row: CampaignRow, chain: readonly string[], random: Random) {
  const none = ['[]', 'null', '{ }', ' '];
  const unused = [...none, 'N', heavy];
  const option = (given: string | null, isUsed: boolean) =>
    random.chance(0.2) ? random.pick(isUsed ? none : unused) : given;
  return {
    kko_option: option(row.kko_option, usesOption(chain)),
    rcs_option: option(row.rcs_option, chain.includes('rcs')),
  };
}

/** One of the ways in which a row can be malformed. */
function malformed({ values, truth }: Draft, random: Random): Draft {
  const what = random.pick(['recipient', 'option', 'channels', 'channels'] as const);
  if (what === 'recipient') {
    const recipient = random.pick(['nobody', '\u3000', '01000000001,01000000002', '12']);
    return { values: { ...values, recipient }, truth: { ...truth, recipient, number: '' } };
  }
  if (what === 'option' && usesOption(truth.chain)) {
    const option = random.pick(['[1]', 'N', '{"title":', '"Your order"']);
    return { values: { ...values, kko_option: option }, truth: { ...truth, note: undefined } };
  }
  const channelOrder = random.pick(['pigeon', 'sms,sms', 'sms,,mms', 'sms,international', ' ']);
  return { values: { ...values, channel_order: channelOrder }, truth: { ...truth, chain: channelOrder.split(',') } };
}

/** Every content names its row and how often the customer has changed it. */
function named(row: CampaignRow, id: string, { chain }: Plan): CampaignRow {
  const text = `${id} version 0`;
  const mt = chain === undefined ? {} : { mt_subject: 'Your order', mt_content: text };
  return {
    ...row,
    etc_text_1: id,
    mt_content: row.mt_content && text,
    kko_content: row.kko_content && text,
    rcs_content: row.rcs_content && text,
    ...mt,
  };
}
