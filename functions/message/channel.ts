import { plainWord } from './blank.ts';

/** The channels a message can travel on, by the names that `channel_order` uses. */
export const Channel = {
  Sms: 'sms',
  Mms: 'mms',
  Rcs: 'rcs',
  Alimtalk: 'alimtalk',
  Friendtalk: 'friendtalk',
  Brandmessage: 'brandmessage',
  International: 'international',
} as const;

export type Channel = (typeof Channel)[keyof typeof Channel];

const channels: ReadonlySet<string> = new Set(Object.values(Channel));

export function isChannel(name: string): name is Channel {
  return channels.has(name);
}

/** The names in channel_order. Trailing commas come from CSV and name nothing. The SQL function fallback_chain agrees. */
export function fallbackChain(channelOrder: string): string[] {
  const names = plainWord(channelOrder).split(',');
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}
