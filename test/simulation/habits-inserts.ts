import { timeZone } from './database.ts';
import { type Hands, write } from './habit.ts';
import { newTruth, type RowTruth } from './truth.ts';

export const validitySeconds = 86_400;

/** Columns of the agent that a customer may write to, with values that would do harm. */
const presets = {
  msg_key: 'PRESET',
  msg_sent_date: '2031-01-01 00:00:00',
  batch_id: 2,
  finished_at: '2031-01-01 00:00:00',
  waits_until: '2031-12-31 00:00:00',
  end_reason: 'preset',
  agent_writes: 1,
  mt_report_pos: 3,
  mt_report_code: '99999',
  mt_rslt_date: '2030-01-01 00:00:00',
  mt_dlr_report_code: '99999',
  kko_report_code: '99999',
  rcs_report_code: '10000',
  rcs_telecom: '99999',
} as const;

/** Some of them, for one INSERT; none if the customer does not do that. */
export function presetColumns({ world }: Hands): Record<string, string | number> {
  if (!world.faults.strikes('columnsPreset')) return {};
  return Object.fromEntries(Object.entries(presets).filter(() => world.random.chance(0.4)));
}

/** For one INSERT: '3' is ended from the beginning, anything but '1' is held. */
export function presetStatus({ world }: Hands): string {
  if (!world.faults.strikes('columnsPreset')) return '1';
  return world.random.pick(['1', '1', '0', '2', '3', '4']);
}

export async function release(row: RowTruth, hands: Hands): Promise<void> {
  if (!(await write(row, hands, [`msg_status = '1'`]))) return;
  row.isHeld = false;
  hands.world.tell(`customer releases ${row.id}`);
}

/** Adds a column of the customer's own. */
export async function addColumn(hands: Hands): Promise<boolean> {
  if (!hands.world.faults.strikes('columnAdded')) return false;
  await hands.runAsOwner('alter table msg_tran add column order_no text');
  hands.world.tell('customer adds a column');
  return true;
}

const agentsColumns = [
  'batch_id',
  'finished_at',
  'mt_report_pos',
  'kko_report_pos',
  'rcs_report_pos',
  'archived_at',
  'waits_until',
  'end_reason',
  'agent_writes',
];

/** What the statement returns to the customer. */
export interface Copied {
  ttl: number | null;
  due_at: string;
}

/**
 * Sends a row of the log again: copies its documented columns, results included, as '1'; or every column, and sets '1'
 * afterwards. The copy is a message of its own, under its own name.
 */
export async function copyBack(
  row: RowTruth,
  copy: { id: string; clientKey: string },
  hands: Hands & { query(sql: string, values: readonly unknown[]): Promise<Copied[]> },
): Promise<void> {
  const { world, ledger, checker } = hands;
  const isWhole = world.random.chance(0.5);
  const named = { etc_text_1: copy.id, client_key: copy.clientKey, msg_status: isWhole ? '4' : '1' };
  const [copied] = await hands.query(
    `insert into msg_tran select r.* from msg_log l cross join lateral jsonb_populate_record(null::msg_tran,
       (replace(to_jsonb(l)::text, $3, $4)::jsonb - $5::text[]) || $6::jsonb) r
     where l.client_key = $1 and l.etc_text_1 = $2
     returning ttl, extract(epoch from request_date at time zone '${timeZone}') * 1000 as due_at`,
    [
      ...[row.clientKey, row.id, `${row.id} version ${row.version}`, `${copy.id} version 0`],
      ...[isWhole ? [] : agentsColumns, JSON.stringify(named)],
    ],
  );
  if (copied === undefined) return;
  const { ttl, due_at: due } = copied;
  const dueAt = Math.round(Number(due));
  const { recipient, number, note, chain, isMalformed, orderNo } = row;
  const times = { dueAt, expiresAt: dueAt + (ttl ?? validitySeconds) * 1000 };
  const same = { recipient, number, note, chain, isMalformed, orderNo };
  // It may have to wait for its file.
  const isMeddledWith = isWhole || chain.includes('mms');
  const truth = newTruth({ ...copy, ...times, ...same, isHeld: isWhole, isMeddledWith }, world.now);
  ledger.insert(truth);
  world.saw('a copy of a row in the log');
  world.tell(`customer copies ${row.id} back as ${copy.id}`);
  await checker.look();
  if (isWhole) hands.later(world.random.between(100, 10_000), () => release(truth, hands));
}
