import type pg from 'pg';
import * as z from 'zod';
import type { Report } from '../../functions/message/report.ts';
import { timing } from '../../functions/settings/timing.ts';
import { timeZone } from './database.ts';
import type { Ledger } from './ledger.ts';
import { rangeMs } from './row-checks.ts';
import type { RowTruth } from './truth.ts';
import { Violation } from './world.ts';

const text = z.string().nullable();
const milliseconds = z.coerce.number().nullable();
const group = { code: text, type: text, at: milliseconds, reportAt: milliseconds, carrier: text };

const loggedRow = z.object({
  id: z.string(),
  messageKey: text,
  recipient: text,
  contents: z.array(z.string()),
  finishedAt: z.coerce.number(),
  isAnswered: z.boolean(),
  endReason: text,
  orderNo: text,
  mt: z.object({ ...group, parts: z.int().nullable(), dlrCode: text, dlrAt: milliseconds }),
  kko: z.object(group),
  rcs: z.object(group),
});

type LoggedRow = z.output<typeof loggedRow>;
type Group = 'mt' | 'kko' | 'rcs';

const at = (column: string) => `extract(epoch from ${column} at time zone '${timeZone}') * 1000`;
const groupSql = (name: string, type: string, carrier: string) =>
  `'code', ${name}_report_code, 'type', ${type}, 'at', ${at(`${name}_rslt_date`)},
    'reportAt', ${at(`${name}_report_date`)}, 'carrier', ${carrier}`;
const loggedSql = `
  select etc_text_1 as id, msg_key as "messageKey", recipient,
    array_remove(array[mt_content, kko_content, rcs_content], null) as contents,
    ${at('finished_at')} as "finishedAt", msg_sent_date is not null as "isAnswered", end_reason as "endReason", to_jsonb(l)->>'order_no' as "orderNo",
    json_build_object(${groupSql('mt', 'mtr_message_type', 'mt_telecom')}, 'parts', mt_res_cnt,
      'dlrCode', mt_dlr_report_code, 'dlrAt', ${at('mt_dlr_report_date')}) as mt,
    json_build_object(${groupSql('kko', 'kkor_message_type', 'null')}) as kko,
    json_build_object(${groupSql('rcs', 'rcsr_message_type', 'rcs_telecom')}) as rcs
  from msg_log l`;

/** Once everything is at rest, each row that its customer does not hold back must have ended as its truth says. */
export async function checkEndings(client: pg.Client, ledger: Ledger): Promise<void> {
  const kept = await client.query<{ id: string }>('select etc_text_1 as id from msg_tran');
  const keptBack = new Set(kept.rows.map(({ id }) => id));
  const { rows } = await client.query<Record<string, unknown>>(loggedSql);
  const logged = new Map(rows.map((row) => loggedRow.parse(row)).map((row) => [row.id, row]));
  const waiting = await reportsIn(client, 'msg_report');
  for (const truth of ledger.rows.values()) {
    const row = logged.get(truth.id);
    // A trigger that minds every change of the row in the log keeps its reports waiting, for ever.
    const isMinded = [...truth.blocks].some((name) => name.endsWith('_late'));
    const isKeptBack = (report: Report) => isMinded && isIn(waiting, report) && !shows(row, report);
    const written = [...truth.reports.values()].filter((report) => !isKeptBack(report));
    if (row !== undefined) checkEnding(truth, row, { ledger, written });
    else if (truth.deletedAt === undefined && !keptBack.has(truth.id))
      throw new Violation('I3', `${truth.id} has reached no final state`);
  }
  await checkUnmatched(client, ledger, { there: new Set([...logged.keys(), ...keptBack]), waiting });
}

/** Its code, or what it has left where another channel of the group was waited for in vain: it may have come again since. */
function shows(row: LoggedRow | undefined, { channel, reportType, reportCode, messageType }: Report): boolean {
  if (row === undefined) return false;
  if (reportType === 'handset') return row.mt.dlrCode === reportCode;
  const { code, type } = row[groupOf(channel)];
  return code === reportCode || (code === 'E931' && type === messageType);
}

async function reportsIn(client: pg.Client, table: string): Promise<ReadonlySet<string>> {
  const sql = `select msg_key || '/' || channel_type || '/' || report_type as report from ${table}`;
  return new Set((await client.query<{ report: string }>(sql)).rows.map(({ report }) => report));
}

/** By the gateway's key, or by the one made from our reference if the gateway names none. */
function isIn(table: ReadonlySet<string>, { messageKey, reference, channel, reportType }: Report): boolean {
  const keys = [messageKey, reference.split('.').slice(1).join('.')];
  return keys.some((key) => table.has(`${key}/${channel}/${reportType}`));
}

/** An acknowledged report whose message is gone must be kept all the same. */
async function checkUnmatched(
  client: pg.Client,
  ledger: Ledger,
  { there, waiting }: Readonly<Record<'there' | 'waiting', ReadonlySet<string>>>,
): Promise<void> {
  const unmatched = await reportsIn(client, 'msg_report_unmatched');
  // It may belong to nobody, as long as a batch is in doubt.
  for (const report of ledger.strangers.values())
    if (![unmatched, waiting].some((table) => isIn(table, report)))
      throw new Violation('I3', `the report ${report.messageKey} is nowhere`);
  for (const { id, reports } of ledger.rows.values()) {
    for (const report of reports.values()) {
      const found = isIn(unmatched, report);
      const what = `the report ${report.messageKey}/${report.channel}/${report.reportType}`;
      if (!there.has(id) && !found && !isIn(waiting, report)) throw new Violation('I3', `${what} is nowhere`);
      if (there.has(id) && found) throw new Violation('I4', `${what} found no row, though there is one`);
    }
  }
}

function checkEnding(
  truth: RowTruth,
  row: LoggedRow,
  { ledger, written }: { ledger: Ledger; written: readonly Report[] },
): void {
  expectSame(truth, 'recipient', { found: row.recipient, wanted: truth.recipient });
  const contents = new Set(row.contents);
  expectSame(truth, 'contents', { found: [...contents].join('; '), wanted: `${truth.id} version ${truth.version}` });
  expectSame(truth, 'order_no', { found: row.orderNo, wanted: truth.orderNo });
  if ((truth.endedAt !== undefined) !== (row.endReason ?? '').startsWith('ended by the customer'))
    throw new Violation('I4', `${truth.id} has the reason ${row.endReason}`);
  const [accepted] = truth.accepted;
  if (accepted === undefined) {
    checkUnsent(truth, row, ledger);
    return;
  }
  // Without an answer, and with reports that lack it, the agent cannot know the key.
  if (row.isAnswered || !truth.isKeyless || row.messageKey !== null)
    expectSame(truth, 'msg_key', { found: row.messageKey, wanted: accepted.messageKey });
  for (const name of ['mt', 'kko', 'rcs'] as const) {
    const best = bestOf(truth.chain, written, name);
    const { code, type, at: handsetAt, carrier } = row[name];
    const isUnreported = code === 'E931' && awaits(truth, written, name);
    if (!isUnreported) expectSame(truth, `${name} report code`, { found: code, wanted: best?.reportCode ?? null });
    expectSame(truth, `${name} message type`, { found: type, wanted: best?.messageType ?? null });
    if (!isUnreported) expectSameTime(truth, `${name} result date`, { found: handsetAt, wanted: best?.handsetAt });
    else if (handsetAt === null || row[name].reportAt === null)
      throw new Violation('I4', `${truth.id} has E931 and no date`);
    if (name !== 'kko') expectSame(truth, `${name} carrier`, { found: carrier, wanted: best?.carrier ?? null });
  }
  expectSame(truth, 'parts', { found: row.mt.parts, wanted: bestOf(truth.chain, written, 'mt')?.parts ?? null });
  const receipt = written.find(({ reportType }) => reportType === 'handset');
  expectSame(truth, 'receipt', { found: row.mt.dlrCode, wanted: receipt?.reportCode ?? null });
  expectSameTime(truth, 'receipt date', { found: row.mt.dlrAt, wanted: receipt?.handsetAt });
}

/** A row that the gateway never accepted was ended by its customer, or has a code. */
function checkUnsent(truth: RowTruth, row: LoggedRow, ledger: Ledger): void {
  expectSame(truth, 'msg_key', { found: row.messageKey, wanted: null });
  const first = groupOf(truth.chain[0] ?? '');
  for (const name of ['mt', 'kko', 'rcs'] as const) {
    const isOfCode = name === first && truth.endedAt === undefined;
    if (!isOfCode) expectSame(truth, `${name} report code`, { found: row[name].code, wanted: null });
    // Polling by date must find it.
    if (isOfCode !== (row[name].at !== null) || isOfCode !== (row[name].reportAt !== null))
      throw new Violation(
        'I4',
        `${truth.id} was refused, and its ${name} dates are ${row[name].at} and ${row[name].reportAt}`,
      );
  }
  if (truth.endedAt === undefined) checkRefusal(truth, row, ledger);
}

/** With the gateway's code, or with a true one of the agent's; and with a reason. */
function checkRefusal(truth: RowTruth, row: LoggedRow, ledger: Ledger): void {
  const { code } = row[groupOf(truth.chain[0] ?? '')];
  if (row.endReason === null) throw new Violation('I4', `${truth.id} ended with code ${code} and no reason`);
  if (truth.rejectedCode !== undefined) {
    expectSame(truth, 'rejection code', { found: code, wanted: truth.rejectedCode });
    return;
  }
  const { refusedAt } = truth;
  // Since it was refused, or earlier as far as the sender may have known it: from ten seconds before its lease.
  const knownMs = (timing.leaseSeconds + 10) * 1000;
  const isRefused = refusedAt !== undefined && ledger.hasAccepted(refusedAt - knownMs, row.finishedAt);
  const isTrue =
    (code === 'E999' && (truth.isMalformed || isRefused)) ||
    (code === 'E917' && isBannedBy(truth, row, ledger)) ||
    (code === 'E930' && Math.min(truth.expiresAt, truth.dueAt + rangeMs) <= row.finishedAt);
  if (!isTrue)
    throw new Violation('I3', `${truth.id} ended with code ${code}, which is not true of it: ${row.endReason}`);
}

/** By the entry that the reason names, while it was in force or while a sender could still believe so. */
function isBannedBy(truth: RowTruth, { endReason, finishedAt }: LoggedRow, ledger: Ledger): boolean {
  const { bans } = ledger;
  const [, column, banSeq = ''] = /^(\w+): .*, got that of entry (\d+)/.exec(endReason ?? '') ?? [];
  const entry = bans.find(banSeq);
  const { inserted, leased } = truth.times;
  if (entry === undefined || !bans.mayHaveEnded(entry, { inserted, leased, ended: finishedAt })) return false;
  if (entry.subject === `number ${truth.number}`) {
    if (entry.spelling !== truth.recipient) ledger.saw('a number is banned in another spelling');
    return column === 'recipient';
  }
  ledger.saw('a banned text is refused by the sender');
  if (entry.subject === `note ${truth.note}`) return column === 'kko_option';
  return entry.subject === `content ${truth.id}` && /^(mt|kko|rcs)_content$/.test(column ?? '');
}

/** Whether a row that ended without a result still awaits one in this group: after those that it has there. */
function awaits({ chain, unreportedAt }: RowTruth, written: readonly Report[], name: Group): boolean {
  const last = chain.indexOf(bestOf(chain, written, name)?.channel ?? '');
  return unreportedAt !== undefined && chain.some((channel, place) => place > last && groupOf(channel) === name);
}

/** The result of the last channel tried in the group. */
function bestOf(chain: readonly string[], reports: readonly Report[], name: Group): Report | undefined {
  return reports
    .filter(({ channel, reportType }) => reportType === 'result' && groupOf(channel) === name)
    .toSorted((a, b) => chain.indexOf(b.channel) - chain.indexOf(a.channel))[0];
}

function groupOf(channel: string): Group {
  if (['alimtalk', 'friendtalk', 'brandmessage'].includes(channel)) return 'kko';
  return channel === 'rcs' ? 'rcs' : 'mt';
}

function expectSame(truth: RowTruth, what: string, { found, wanted }: { found: unknown; wanted: unknown }): void {
  // The tables store null for an empty text.
  if ((found || null) !== (wanted || null))
    throw new Violation('I4', `${truth.id}: expected ${what} ${wanted}, got ${found}`);
}

/** Milliseconds since 1970; the tables store microseconds. */
function expectSameTime(
  truth: RowTruth,
  what: string,
  { found, wanted }: { found: number | null; wanted: Date | undefined },
): void {
  const at = found === null ? null : Math.round(found);
  expectSame(truth, what, { found: at, wanted: wanted?.getTime() });
}
