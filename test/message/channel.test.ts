import { expect, it } from 'vitest';
import { fallbackChain, isChannel } from '../../functions/message/channel.ts';
import { chains } from '../support/spellings.ts';

it.each(chains)('channel_order %j names %j', (channelOrder, names) => {
  expect(fallbackChain(channelOrder)).toEqual(names);
});

it.each([
  ['sms', true],
  ['international', true],
  ['SMS', false],
  ['toString', false],
  ['', false],
])('%j is a channel: %s', (name, isOne) => {
  expect(isChannel(name)).toBe(isOne);
});
