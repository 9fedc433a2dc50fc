import type { Hand } from './hand.ts';
import { bannedNumber, lentNumber } from './traps.ts';

/** What customers' code does to a row, at any moment of its journey. */
export interface Habit {
  readonly name: string;
  /** Columns that its INSERT names besides the usual ones. Without any, the habit may act on an existing row. */
  readonly inserts?: Readonly<Record<string, string>>;
  /** Whether the row may end unsent because of it, or does. */
  readonly ends?: 'maybe' | 'always';
  /** Whether a copy of the row ends as the row does. */
  readonly endsCopies?: boolean;
  readonly run: (hand: Hand) => Promise<void>;
}

/** Columns of the original's msg_tran that are the agent's. */
const results = [
  'msg_key, msg_sent_date, mtr_message_type, mt_rslt_date, mt_report_date, mt_report_code, mt_telecom, mt_res_cnt',
  'mt_dlr_report_code, mt_dlr_report_date, kkor_message_type, kko_rslt_date, kko_report_date, kko_report_code',
  'rcsr_message_type, rcs_rslt_date, rcs_report_date, rcs_report_code, rcs_telecom',
].join(', ');
const contents = [
  'payment_code, priority, channel_order, request_date, callback, recipient, agent_id, mt_subject, mt_content, mt_file_key',
  'kko_msg_type, kko_content, kko_option, kko_sender_key, kko_template_code, rcs_content, rcs_option, rcs_brand_key',
  'rcs_agency_key, rcs_msgbase_id, ttl, origin_cid, reg_date, etc_text_3',
].join(', ');
/** Those that only a `select *` copies. */
const agents =
  'batch_id, finished_at, mt_report_pos, kko_report_pos, rcs_report_pos, archived_at, waits_until, end_reason, agent_writes';

/** A template that is used for all rows: the agent's columns are already filled in. */
const presets = {
  msg_key: 'preset',
  msg_sent_date: '2026-01-02 03:04:05',
  mt_report_code: '10000',
  mt_rslt_date: '2026-01-02 03:04:05',
  mt_dlr_report_code: '99999',
  batch_id: '1',
  finished_at: '2026-01-02 03:04:05',
  agent_writes: '7',
};

const nothing = async () => undefined;

/** Until the trigger no longer objects to the row. */
async function letGoLater(hand: Hand): Promise<void> {
  await hand.pause(10, 30);
  await hand.change('etc_text_2 = null');
}

function changing(name: string, assignments: readonly string[]): Habit {
  const run = async (hand: Hand) => {
    await hand.pause(0, 6);
    await hand.change(hand.random.pick(assignments));
  };
  return { name, run };
}

export const habits: readonly Habit[] = [
  {
    name: 'held and released',
    async run(hand) {
      await hand.pause(0, 5);
      await hand.change(`msg_status = '${hand.random.pick(['0', 'H', '9'])}'`);
      await hand.pause(2, 12);
      await hand.change(`msg_status = '1'`);
    },
  },
  { name: 'ended', ends: 'maybe', run: changing('', [`msg_status = '3'`]).run },
  {
    name: 'ended after it was sent',
    ends: 'maybe',
    async run(hand) {
      await hand.untilSent();
      await hand.change(`msg_status = '3'`);
    },
  },
  { name: 'inserted as ended', ends: 'always', inserts: { msg_status: '3' }, run: nothing },
  { name: 'inserted as held', inserts: { msg_status: '0' }, run: changing('', [`msg_status = '1'`]).run },
  { name: "inserted with the agent's columns", inserts: presets, run: nothing },
  {
    name: 'written back from an old entity',
    async run(hand) {
      await hand.untilSent();
      const emptied = `${results}, batch_id, finished_at, agent_writes`.split(', ').map((name) => `${name} = null`);
      await hand.change(`msg_status = '1', ${emptied.join(', ')}`);
    },
  },
  { name: 'inserted for a trigger that raises', inserts: { etc_text_2: 'raise' }, run: letGoLater },
  { name: 'inserted for a trigger that returns null', inserts: { etc_text_2: 'skip' }, run: letGoLater },
  {
    name: 'minded by a trigger under way',
    async run(hand) {
      await hand.pause(0, 6);
      // Not repeated: once it is done, the trigger objects to the row, and to this statement too.
      const word = hand.random.pick(['raise', 'skip']);
      await hand.act(`update msg_tran set etc_text_2 = '${word}' where client_key = $1`);
      await letGoLater(hand);
    },
  },
  {
    name: 'kept by a foreign key',
    async run(hand) {
      await hand.act('insert into notice select client_key from msg_tran where client_key = $1');
      await hand.pause(10, 30);
      await hand.act('delete from notice where msg = $1');
    },
  },
  {
    name: 'locked by an open transaction',
    async run(hand) {
      await hand.pause(0, 6);
      await hand.holdOpen('select from msg_tran where client_key = $1 for update');
    },
  },
  {
    name: 'written by an open transaction',
    async run(hand) {
      await hand.pause(0, 6);
      await hand.holdOpen(`update msg_tran set etc_text_3 = 'open' where client_key = $1`);
    },
  },
  {
    name: 'read by an open transaction in the log',
    async run(hand) {
      await hand.untilArchived();
      await hand.holdOpen(`update msg_log set etc_text_3 = 'read' where client_key = $1`);
    },
  },
  {
    name: "touched with everybody's rows",
    run: (hand) =>
      hand.touchAll(
        `update msg_tran set etc_text_3 = clock_timestamp()::text
         where msg_status = '1' and etc_text_2 is distinct from 'raise'`,
      ),
  },
  {
    ...{ name: 'inserted for a banned number', ends: 'always', endsCopies: true },
    inserts: { recipient: bannedNumber.row },
    run: nothing,
  },
  {
    ...{ name: 'inserted for a number that is banned for a while', ends: 'maybe', endsCopies: true },
    inserts: { recipient: lentNumber.row },
    async run(hand) {
      await hand.pause(0, 5);
      await hand.act(
        `insert into msg_banlist (ban_seq, ban_type, ban_text) values ($1, 'R', '${lentNumber.ban}') on conflict do nothing`,
      );
      await hand.pause(1, 6);
      await hand.act('delete from msg_banlist where ban_seq = $1');
    },
  },
  {
    name: 'copied back from the log',
    async run(hand) {
      await hand.untilArchived();
      await hand.copyBack(hand.random.pick([`${contents}, ${results}`, `${contents}, ${results}, ${agents}`]));
    },
  },
  {
    name: 'put off for ever and then due',
    async run(hand) {
      await hand.pause(0, 5);
      await hand.change(`request_date = 'infinity'`);
      await hand.pause(2, 12);
      await hand.change('request_date = localtimestamp');
    },
  },
  changing('put off', [`request_date = localtimestamp + interval '5 seconds'`]),
  changing('changed in its contents', [`mt_content = 'Changed', kko_content = 'Changed', rcs_content = 'Changed'`]),
  changing('changed in its channels', [`channel_order = 'mms,sms'`, `channel_order = 'sms', priority = 'veryfast'`]),
];
