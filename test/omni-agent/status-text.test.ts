import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { statusText } from '../../bin/omni-agent/status-text.ts';
import { places } from '../../functions/operation/places.ts';
import type { SetAside } from '../../functions/operation/set-aside.ts';
import { statusOf } from '../support/findings.ts';

describe('the text', () => {
  it('has a line for each place with the count and the age of the oldest, per lane and over all', () => {
    expect(statusText(statusOf({ waiting: [1_000, 300], scheduled: [5, null], accepted: [1, 0.4] }))).toBe(
      [
        'Agent 1a2b3c4d, database omni, at 2026-11-24 12:00:00 in Asia/Seoul',
        '',
        '  messages     msg_status   veryfast   oldest    fast   oldest    slow   oldest     all   oldest',
        `  ${'─'.repeat(94)}`,
        '  waiting               1          0            1,000    5 min   2,000   10 min   3,000   10 min',
        '  scheduled             1          0                5               10               15',
        '  claimed               1          0                0                0                0',
        '  being sent            1          0                0                0                0',
        '  in doubt              1          0                0                0                0',
        '  accepted              2          0                1      0 s       2      0 s       3      0 s',
        '  reported              3          0                0                0                0',
        '  finished              3          0                0                0                0',
        '',
        '  report stream   held by receiver-1, for 14 s more',
        '  reports         0 to be merged; 0 looking for their row, 12 never found it',
        '  rate gate       slots are given 0.8 s ahead',
        '  ban list        looked at 12 s ago: texts 3, expressions 1',
        '  files           0 to be uploaded; 0 failed in the last 24 hours, or not renewed',
        "  zone            Asia/Seoul; the server's own is Asia/Seoul",
      ].join('\n'),
    );
  });

  it('shows the places that are mostly empty once they are not', () => {
    const text = statusText(statusOf({ deferred: [1, 60], held: [1, null], orphaned: [1, 60] }));
    for (const title of ['deferred', 'held', 'orphaned']) expect(text).toMatch(new RegExp(`^  ${title} .* 3`, 'm'));
    expect(text.match(/^WARNING: /gm)).toHaveLength(1);
  });

  it('lists the rows put aside, with what it means for each and why, and hides numbers in the error', () => {
    const row = {
      error: 'P0001 01000000013: no contract for 010-0000-0013',
      tries: 4,
      sinceSeconds: 300,
      nextLookSeconds: 130,
    };
    const setAside: SetAside = {
      rowCount: 25,
      rows: [
        { clientKey: '9007199254740993', step: 'claim', ...row },
        { clientKey: '8', step: 'archive', ...row, error: '23503 update or delete ...', nextLookSeconds: 0 },
      ],
    };
    expect(statusText(statusOf({}, {}, setAside))).toContain(
      [
        '',
        '  Put aside: 25, of which these 2 are the oldest',
        '',
        '  client_key            step     for   tries   next look',
        `  ${'─'.repeat(54)}`,
        '  9007199254740993     claim   5 min       4    in 2 min',
        '  8                  archive   5 min       4         now',
        '',
        '  9007199254740993 waits unsent: it cannot be claimed; P0001 …: no contract for …',
        '  8 is finished: it cannot be moved to the log; 23503 update or delete ...',
        '',
        'WARNING: 25 messages are put aside, because a step cannot write the row: omni-agent status lists them',
      ].join('\n'),
    );
  });

  it('has every place in the runbook', () => {
    const all = Object.fromEntries(places.map((place) => [place, [1, null]]));
    const titles = [...statusText(statusOf(all)).matchAll(/^ {2}(\w[\w ]*?) +(?:[123]|other) /gm)].map(
      ([, title]) => title,
    );
    expect(titles).toHaveLength(places.length);
    for (const file of ['docs/runbook.md', 'docs/ko/runbook.md']) {
      const runbook = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      for (const title of titles) expect(runbook).toMatch(new RegExp(`^\\| ${title} +\\|`, 'm'));
    }
  });

  it('warns of entries of the ban list that ban nothing, and of a list that nobody looks at', () => {
    const list = { checkedSeconds: 3 * 3600, texts: 1, expressions: 0, problems: 7 };
    const text = statusText(statusOf({}, { banList: { ...list, firstProblems: '12 (ban_text: expected a number)' } }));
    expect(text).toContain('WARNING: nobody has looked at the ban list for 3 h');
    expect(text).toContain(
      '7 entries of msg_banlist ban nothing, by ban_seq: 12 (ban_text: expected a number) and others',
    );
    expect(statusText(statusOf({}))).not.toContain('WARNING');
  });

  it('says where it cannot see', () => {
    const text = statusText(statusOf({}, { receiver: null, serverTimeZone: null, serverAheadSeconds: null }));
    expect(text).toContain('report stream   held by nobody');
    expect(text).toContain("the server's own cannot be seen");
  });
});
