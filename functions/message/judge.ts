import { type BanMatcher, textsIn } from './ban-list.ts';
import { isBlank } from './blank.ts';
import { Channel, fallbackChain, isChannel } from './channel.ts';
import type { MessageRow } from './message-row.ts';
import { normalNumber } from './number.ts';
import { isNoOption, isObject } from './option.ts';
import type { Refusal } from './refusal.ts';

/** A rule about one message. What only the database knows is judged there: dates, banned numbers, the size of a row. */
export interface Rule {
  /** With which a row ends that breaks it. */
  readonly code: 'E917' | 'E999';
  readonly column: Exclude<keyof MessageRow, 'expires_at'>;
  /** Where the chain has none of these, the column is not looked at. Undefined: always. */
  readonly channels?: readonly Channel[];
  /** What is expected. */
  readonly rule: string;
  /** What came instead, for the row itself; undefined if the row keeps the rule. */
  readonly breach: (judged: Judged) => string | undefined;
}

/** What a rule looks at. */
export interface Judged {
  /** The column's value. */
  readonly value: string;
  /** The names in channel_order. */
  readonly chain: readonly string[];
  /** The texts that nothing is sent with. */
  readonly bans: BanMatcher;
}

/** Of each column that holds contents. The entry is named, not its text. */
const ofText: Pick<Rule, 'code' | 'rule' | 'breach'> = {
  code: 'E917',
  rule: 'expected no text of msg_banlist',
  breach: ({ value, bans }) => {
    const entry = value === '' ? undefined : bans.find(textsIn(value));
    return entry && `that of entry ${entry.banSeq}`;
  },
};

const mt = [Channel.Sms, Channel.Mms, Channel.International];
const kko = [Channel.Alimtalk, Channel.Friendtalk, Channel.Brandmessage];
const rcs = [Channel.Rcs];

/** In the order in which they are tried: a row ends for the first that it breaks. */
export const rules: readonly Rule[] = [
  ofChannelOrder(
    'expected sms, mms, rcs, alimtalk, friendtalk, brandmessage or international',
    (chain) => chain.length > 0 && chain.every(isChannel),
  ),
  ofChannelOrder('expected one to three channels', (chain) => chain.length <= 3),
  ofChannelOrder('expected international alone', (chain) => chain.length === 1 || !chain.includes('international')),
  ofChannelOrder('expected each channel once', (chain) => new Set(chain).size === chain.length),
  { code: 'E999', column: 'recipient', rule: 'expected a number', breach: ofRecipient },
  { code: 'E999', column: 'kko_option', channels: kko, rule: 'expected a JSON object', breach: ofOption },
  { code: 'E999', column: 'rcs_option', channels: rcs, rule: 'expected a JSON object', breach: ofOption },
  { ...ofText, column: 'mt_subject', channels: [Channel.Mms] },
  { ...ofText, column: 'mt_content', channels: mt },
  { ...ofText, column: 'kko_content', channels: kko },
  { ...ofText, column: 'kko_option', channels: kko },
  { ...ofText, column: 'rcs_content', channels: rcs },
  { ...ofText, column: 'rcs_option', channels: rcs },
];

/** Why a row may not be sent; undefined if it may. */
export function judge(row: MessageRow, bans: BanMatcher): Refusal | undefined {
  const chain = fallbackChain(row.channel_order);
  for (const { code, column, channels, rule, breach } of rules) {
    if (channels?.every((channel) => !chain.includes(channel))) continue;
    const came = breach({ value: row[column], chain, bans });
    if (came !== undefined) return { code, reason: `${column}: ${rule}, got ${came}` };
  }
  return undefined;
}

function ofChannelOrder(rule: string, isKept: (chain: readonly string[]) => boolean): Rule {
  const breach = ({ value, chain }: Judged) => (isKept(chain) ? undefined : quoted(value));
  return { code: 'E999', column: 'channel_order', rule, breach };
}

function ofRecipient({ value }: Judged): string | undefined {
  return normalNumber(value) === undefined ? quoted(value) : undefined;
}

function ofOption({ value }: Judged): string | undefined {
  if (isNoOption(value) || isObject(value)) return undefined;
  return `other text of ${value.length} characters`;
}

function quoted(value: string): string {
  return isBlank(value) ? 'nothing' : `'${value}'`;
}
