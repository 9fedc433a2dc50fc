import { describe, expect, it } from 'vitest';
import { compileBanList } from '../../functions/message/ban-list.ts';
import { judge, rules } from '../../functions/message/judge.ts';
import { type MessageRow, messageRow, toMessage } from '../../functions/message/message-row.ts';
import { ruleOf } from '../../functions/message/refusal.ts';

const ordinary = {
  client_key: '1',
  expires_at: '2026-11-25T03:00:00Z',
  channel_order: 'sms',
  recipient: '01000000001',
  mt_content: 'Hello',
};

function rowOf(columns: Record<string, string | null> = {}): MessageRow {
  const none = Object.fromEntries(Object.keys(messageRow.shape).map((name) => [name, null]));
  return messageRow.parse({ ...none, ...ordinary, ...columns });
}

const { matcher: nothing } = compileBanList([]);

const channelList = 'sms, mms, rcs, alimtalk, friendtalk, brandmessage or international';

describe('a row that may not be sent ends with the first rule that it breaks', () => {
  it.each([
    [{ channel_order: 'sms,fax' }, `channel_order: expected ${channelList}, got 'sms,fax'`],
    [{ channel_order: '' }, `channel_order: expected ${channelList}, got nothing`],
    [{ channel_order: ' , ' }, `channel_order: expected ${channelList}, got ' , '`],
    [{ channel_order: 'sms,,mms' }, `channel_order: expected ${channelList}, got 'sms,,mms'`],
    [
      { channel_order: 'rcs,sms,mms,alimtalk' },
      "channel_order: expected one to three channels, got 'rcs,sms,mms,alimtalk'",
    ],
    [{ channel_order: 'international,sms' }, "channel_order: expected international alone, got 'international,sms'"],
    [{ channel_order: 'sms,sms' }, "channel_order: expected each channel once, got 'sms,sms'"],
    [{ channel_order: '01000000017', recipient: 'sms' }, `channel_order: expected ${channelList}, got '01000000017'`],
    [{ recipient: 'sms' }, "recipient: expected a number, got 'sms'"],
    [{ recipient: '\t' }, 'recipient: expected a number, got nothing'],
    [{ recipient: '\u00a0' }, 'recipient: expected a number, got nothing'],
    [{ recipient: '\u3000' }, 'recipient: expected a number, got nothing'],
    [{ recipient: '\u200b' }, 'recipient: expected a number, got nothing'],
    [
      { channel_order: 'alimtalk', kko_option: 'N' },
      'kko_option: expected a JSON object, got other text of 1 characters',
    ],
    [
      { channel_order: 'sms,rcs', rcs_option: '{"a":' },
      'rcs_option: expected a JSON object, got other text of 5 characters',
    ],
    [
      { channel_order: 'rcs', rcs_option: '["a"]' },
      'rcs_option: expected a JSON object, got other text of 5 characters',
    ],
    [{ channel_order: 'rcs', rcs_option: '"a"' }, 'rcs_option: expected a JSON object, got other text of 3 characters'],
  ])('%j: %s', (columns, reason) => {
    expect(judge(rowOf(columns), nothing)).toEqual({ code: 'E999', reason });
  });

  it.each([
    { channel_order: 'sms\r' },
    { channel_order: 'sms,' },
    { channel_order: 'sms,,' },
    { channel_order: '\tSMS ,\u3000mms\n' },
    { kko_option: '[]' },
    { kko_option: 'null' },
    { kko_option: 'N' },
    { rcs_option: '{"a":' },
    { channel_order: 'alimtalk', kko_option: '[]' },
    { channel_order: 'alimtalk', kko_option: ' null\r\n' },
    { channel_order: 'rcs', rcs_option: ' { } ' },
    { channel_order: 'rcs', rcs_option: '\u3000' },
  ])('%j may be sent', (columns) => {
    expect(judge(rowOf(columns), nothing)).toBeUndefined();
  });
});

describe('a banned text', () => {
  const { matcher } = compileBanList([
    { banSeq: '7', banType: 'T', banText: '대출' },
    { banSeq: '8', banType: 't', banText: 'casino' },
    { banSeq: '9', banType: 'E', banText: 'free.{0,3}money' },
    { banSeq: '10', banType: 'T', banText: ' ' },
  ]);

  it.each([
    ['mt_content', 'sms', '무담보 대출 상담', '7'],
    ['mt_content', 'sms', '대출'.normalize('NFD'), '7'],
    ['mt_content', 'international', '대\u200b출', '7'],
    ['mt_subject', 'mms', 'casino', '8'],
    ['kko_content', 'alimtalk', 'free  money', '9'],
    ['kko_option', 'friendtalk', '{"attachment":{"button":[{"name":"\\ub300\\ucd9c"}]}}', '7'],
    ['rcs_content', 'rcs', '{"standalone":{"title":"\\ub300\\ucd9c"}}', '7'],
    ['rcs_option', 'rcs', '{"header":"ca\\u0073ino"}', '8'],
  ])('in %s of %s ends the row with E917, which names the entry and not its text', (...banned) => {
    const [column, channel, text, entry] = banned;
    const refusal = judge(rowOf({ channel_order: channel, [column]: text }), matcher);
    const reason = `${column}: expected no text of msg_banlist, got that of entry ${entry}`;
    expect(refusal).toEqual({ code: 'E917', reason });
    expect(ruleOf(refusal?.reason ?? '')).toBe(`${column}: expected no text of msg_banlist`);
  });

  it.each([
    ['mt_subject', 'sms'],
    ['kko_content', 'sms'],
    ['kko_option', 'rcs,sms'],
    ['rcs_content', 'alimtalk'],
    ['mt_content', 'rcs'],
  ])('in %s does not matter to a message by %s', (column, channel) => {
    const columns = { mt_content: 'Hello', [column]: '{"a":"casino"}', channel_order: channel };
    expect(judge(rowOf(columns), matcher)).toBeUndefined();
  });

  it('that is blank bans nothing', () => {
    expect(judge(rowOf({ mt_content: 'a text with blanks' }), matcher)).toBeUndefined();
  });
});

it('states for every rule what is expected and the code of a breach', () => {
  for (const { rule, code } of rules) {
    expect(rule).toMatch(/^expected /);
    expect(rule).not.toMatch(/, got/);
    expect(code).toMatch(/^E9\d\d$/);
  }
});

describe('a message', () => {
  const send = (columns: Record<string, string>) => toMessage(rowOf(columns), { installation: 'a1', batchId: '2' });

  it.each([
    ['sms', '010-0000-0001 ', '01000000001'],
    ['sms', '+82 10 0000 0001', '01000000001'],
    ['international', '821000000001', '+821000000001'],
    ['international', '01000000001', '+821000000001'],
    ['international', '001 1 202 555 0100', '+12025550100'],
    ['international', '+12025550100', '+12025550100'],
  ])('by %s to %j goes to %s', (channel, recipient, sent) => {
    expect(send({ channel_order: channel, recipient }).recipient).toBe(sent);
  });

  it('has no options if the column has no content', () => {
    expect(send({ channel_order: 'alimtalk', kko_option: '[]' }).fallbackChain[0]).toMatchObject({ optionsJson: '' });
    const columns = { channel_order: 'alimtalk', kko_option: ' {"title":"x"}\n' };
    expect(send(columns).fallbackChain[0]).toMatchObject({ optionsJson: '{"title":"x"}' });
  });
});
