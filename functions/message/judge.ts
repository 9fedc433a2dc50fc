import { type BanMatcher, textsIn } from './ban-list.ts';
import { isBlank } from './blank.ts';
import { Channel, fallbackChain, isChannel } from './channel.ts';
import type { MessageRow } from './message-row.ts';
import { normalNumber } from './number.ts';
import { isNoOption, isObject } from './option.ts';
import type { Refusal } from './refusal.ts';

/** A rule about one message. Dates, banned numbers and the size of a row are judged in the database, which knows them. */
export interface Rule {
  /** Result code of a row that breaks the rule. */
  readonly code: 'E917' | 'E999';
  readonly column: Exclude<keyof MessageRow, 'expires_at'>;
  /** The rule applies only to chains with one of these channels; undefined: to all. */
  readonly channels?: readonly Channel[];
  /** What is expected. */
  readonly rule: string;
  /** What was found instead, to be written to the row only; undefined if the row keeps the rule. */
  readonly breach: (judged: Judged) => string | undefined;
}

/** What a rule is checked against. */
export interface Judged {
  /** The column's value. */
  readonly value: string;
  /** The names in channel_order. */
  readonly chain: readonly string[];
  /** The banned texts. */
  readonly bans: BanMatcher;
}

/** The part that is the same for every content column. Names the entry, not its text. */
const noBannedText: Pick<Rule, 'code' | 'rule' | 'breach'> = {
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

/** In the order in which they are checked: a row ends with the first rule that it breaks. */
export const rules: readonly Rule[] = [
  channelOrderRule(
    'expected sms, mms, rcs, alimtalk, friendtalk, brandmessage or international',
    (chain) => chain.length > 0 && chain.every(isChannel),
  ),
  channelOrderRule('expected one to three channels', (chain) => chain.length <= 3),
  channelOrderRule('expected international alone', (chain) => chain.length === 1 || !chain.includes('international')),
  channelOrderRule('expected each channel once', (chain) => new Set(chain).size === chain.length),
  { code: 'E999', column: 'recipient', rule: 'expected a number', breach: wrongNumber },
  { code: 'E999', column: 'kko_option', channels: kko, rule: 'expected a JSON object', breach: wrongOption },
  { code: 'E999', column: 'rcs_option', channels: rcs, rule: 'expected a JSON object', breach: wrongOption },
  { ...noBannedText, column: 'mt_subject', channels: [Channel.Mms] },
  { ...noBannedText, column: 'mt_content', channels: mt },
  { ...noBannedText, column: 'kko_content', channels: kko },
  { ...noBannedText, column: 'kko_option', channels: kko },
  { ...noBannedText, column: 'rcs_content', channels: rcs },
  { ...noBannedText, column: 'rcs_option', channels: rcs },
];

/** Why a row may not be sent; undefined if it may. */
export function judge(row: MessageRow, bans: BanMatcher): Refusal | undefined {
  const chain = fallbackChain(row.channel_order);
  for (const { code, column, channels, rule, breach } of rules) {
    if (channels?.every((channel) => !chain.includes(channel))) continue;
    const found = breach({ value: row[column], chain, bans });
    if (found !== undefined) return { code, reason: `${column}: ${rule}, got ${found}` };
  }
  return undefined;
}

function channelOrderRule(rule: string, isKept: (chain: readonly string[]) => boolean): Rule {
  const breach = ({ value, chain }: Judged) => (isKept(chain) ? undefined : quoted(value));
  return { code: 'E999', column: 'channel_order', rule, breach };
}

function wrongNumber({ value }: Judged): string | undefined {
  return normalNumber(value) === undefined ? quoted(value) : undefined;
}

function wrongOption({ value }: Judged): string | undefined {
  if (isNoOption(value) || isObject(value)) return undefined;
  return `other text of ${value.length} characters`;
}

function quoted(value: string): string {
  return isBlank(value) ? 'nothing' : `'${value}'`;
}
