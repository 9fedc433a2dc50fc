import { describe, expect, it } from 'vitest';
import { ruleOf } from '../../functions/message/refusal.ts';
import { useScene } from './scene.ts';

const scene = useScene();

describe('a priority', () => {
  it.each([
    ['VF', 'veryfast', 0],
    ['F', 'fast', 0],
    ['S', 'slow', 0],
    ['veryfast ', 'veryfast', 0],
    ['\tFast\r', 'fast', 0],
    ['', 'slow', 0],
    ['urgent', 'slow', 1],
  ])('%j is sent as %s, with %i warnings', async (word, priority, unknown) => {
    const { insert, agent, gateway } = scene.current;
    await insert({ priority: word });
    await agent.collect();
    expect(agent.queued).toMatchObject([{ priority }]);
    expect(await agent.send(agent.queued[0]?.batchId ?? '')).toMatchObject({ accepted: 1, unknownPriorities: unknown });
    expect(gateway.send.mock.calls.flatMap(([{ messages }]) => messages)).toMatchObject([{ priority }]);
  });
});

describe('a recipient', () => {
  it.each(['\t', '\u00a0', '\u3000', '\u200b', ' \r\n'])('of only %j ends with E999', async (recipient) => {
    const { insert, finish, row, timesSent } = scene.current;
    const [key = ''] = await insert({ recipient });
    await finish(1);
    expect(timesSent(key)).toBe(0);
    const end = { mt_report_code: 'E999', end_reason: 'recipient: expected a number, got nothing' };
    expect(await row(key)).toMatchObject(end);
  });

  it('goes to the gateway in its normal form, and stays in the row as written', async () => {
    const { insert, finish, row, gateway } = scene.current;
    const [key = ''] = await insert({ recipient: '+82 10-0000-0001 ' });
    await finish(1);
    const sent = gateway.send.mock.calls.flatMap(([{ messages }]) => messages);
    expect(sent).toMatchObject([{ recipient: '01000000001' }]);
    expect(await row(key)).toMatchObject({ recipient: '+82 10-0000-0001 ', mt_report_code: '10000' });
  });
});

describe('a channel_order', () => {
  it.each(['sms\r', 'sms,', 'SMS ,,', '\u3000sms'])('of %j is sms, for the reports too', async (order) => {
    const { insert, finish, row } = scene.current;
    const [key = ''] = await insert({ channel_order: order });
    await finish(2);
    expect(await row(key)).toMatchObject({ place: 'msg_log_202611', mt_report_code: '10000', channel_order: order });
  });

  it('that belongs in another column ends with E999, and its value is not logged', async () => {
    const { insert, agent, row } = scene.current;
    const [key = ''] = await insert({ channel_order: '01000000017', recipient: 'sms' });
    const collected = await agent.collect();
    const { refused } = await agent.send(agent.queued[0]?.batchId ?? '');
    expect(await row(key)).toMatchObject({
      mt_report_code: 'E999',
      end_reason: expect.stringMatching(/^channel_order: expected .*'01000000017'$/),
    });
    const logged = JSON.stringify([
      collected,
      refused.map(({ reason, ...rest }) => ({ ...rest, rule: ruleOf(reason) })),
    ]);
    expect(logged).toMatch(/channel_order: expected sms/);
    expect(logged).not.toContain('01000000017');
  });
});

describe('what is not sent is not judged:', () => {
  it.each(['[]', 'null', 'N', '{"a":', `{"a":"${'x'.repeat(70_000)}"}`])(
    'kko_option %.20j of an sms',
    async (option) => {
      const { insert, finish, timesSent } = scene.current;
      const [key = ''] = await insert({ kko_option: option, rcs_option: option });
      await finish(1);
      expect(timesSent(key)).toBe(1);
    },
  );
});

it('a channel whose name has a blank in it is sent with its contents', async () => {
  const { insert, finish, gateway } = scene.current;
  await insert({ channel_order: 'alimta lk', kko_content: 'Hello' });
  await insert({ channel_order: 'r\u200bcs', rcs_content: 'Hello' });
  await finish(1);
  const sent = gateway.send.mock.calls.flatMap(([{ messages }]) => messages.flatMap((one) => one.fallbackChain));
  expect(sent).toMatchObject([
    { channel: 'alimtalk', text: 'Hello' },
    { channel: 'rcs', content: 'Hello' },
  ]);
});
