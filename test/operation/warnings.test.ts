import { describe, expect, it } from 'vitest';
import { calm, statusOf } from '../support/findings.ts';

describe('a warning', () => {
  it('is not given while all is well, however many messages there are', () => {
    const many = [100_000, 40] as const;
    const busy = statusOf({
      waiting: [...many],
      claimed: [...many],
      sending: [...many],
      accepted: [...many],
      held: [...many],
      deferred: [...many],
    });
    expect(busy.warnings).toEqual([]);
  });

  const cases: [string, Parameters<typeof statusOf>, RegExp][] = [
    ['messages in doubt', [{ inDoubt: [2, 60] }], /^6 messages are in doubt: omni-agent doubt .*them$/],
    ['messages long in doubt', [{ inDoubt: [2, 12 * 3_600] }], /for so long that a person must ask the gateway$/],
    ['orphaned rows', [{ orphaned: [2, 60] }], /^6 messages are in msg_status 1 with a batch_id that no batch knows/],
    [
      'rows put aside',
      [{}, {}, { rowCount: 2, rows: [] }],
      /^2 messages are put aside, because a step cannot write the row/,
    ],
    [
      'messages that the gateway refuses whatever it is sent',
      [{}, { refusedAlone: 1 }],
      /^1 message is refused by the gateway, which has accepted no others since: they wait/,
    ],
    [
      'a guard that is off',
      [{}, { unguarded: 'zz_omni_guard_update on msg_tran' }],
      /^THE TABLE IS NOT GUARDED.*: zz_omni_guard_update on msg_tran\. .*run the SchemaMigrator again, now$/,
    ],
    ['a report stream that nobody holds', [{}, { receiver: null }], /^nobody holds the report stream/],
    [
      'reports without a message',
      [{}, { reports: { ...calm.reports, unmatchedOfLastDay: 3 } }],
      /^3 reports of the last 24 hours never found their message/,
    ],
    [
      'files that failed',
      [{}, { files: { waiting: 0, failed: 2 } }],
      /^2 files of file_upload failed .* see result_code in file_upload$/,
    ],
    [
      'a server behind the agent',
      [{}, { serverTimeZone: 'UTC', serverAheadSeconds: -32_400 }],
      /^the server's zone is UTC, the agent's Asia\/Seoul: .* is 9 h too early, which also shortens its ttl$/,
    ],
    ['a server ahead', [{}, { serverTimeZone: 'Asia/Kolkata', serverAheadSeconds: 12_600 }], /is 3\.5 h too late$/],
    [
      'a server of the same time',
      [{}, { serverTimeZone: 'ROK', serverAheadSeconds: 0 }],
      /is the same time at present$/,
    ],
  ];

  it.each(cases)('tells of %s', (_, args, text) => {
    expect(statusOf(...args).warnings).toEqual([expect.stringMatching(text)]);
  });
});
