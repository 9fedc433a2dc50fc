import type { Pool } from 'pg';
import { table } from '../table.ts';

/** The result of a run: the last line of `--json`, and the source of the tables that a person reads. */
export interface RunResult {
  readonly inserted: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly archived: number;
  /** Rows that the simulator's accept log holds more than once. */
  readonly duplicates: number;
  /** Rows not found in the log with the contents they were inserted with. */
  readonly lost: number;
  /** From the first INSERT to the last archived row. */
  readonly seconds: number;
  readonly archivedPerSecond: number;
  /** By service (dataApi, gateway, and sqs where it is counted), idle polls included. */
  readonly calls: Readonly<Record<string, number>>;
}

interface Latencies {
  readonly accepted_p50: number | null;
  readonly accepted_p99: number | null;
  readonly archived_p50: number | null;
  readonly archived_p99: number | null;
}

/** Seconds since reg_date, which the campaign's session wrote in the agent's time zone. */
export async function readLatencies(pool: Pool, keys: readonly string[]): Promise<Latencies> {
  const quantile = (p: number, column: string) =>
    `percentile_cont(${p}) within group (order by extract(epoch from ${column} - reg_date))::float8`;
  const { rows } = await pool.query<Latencies>(
    `select ${quantile(0.5, 'msg_sent_date')} as accepted_p50, ${quantile(0.99, 'msg_sent_date')} as accepted_p99,
            ${quantile(0.5, 'archived_at')} as archived_p50, ${quantile(0.99, 'archived_at')} as archived_p99
     from msg_log where client_key = any($1::bigint[])`,
    [keys],
  );
  return rows[0] ?? { accepted_p50: null, accepted_p99: null, archived_p50: null, archived_p99: null };
}

export interface ChannelResult {
  readonly channel: string;
  readonly delivered: number;
  readonly undelivered: number;
}

/** Outcomes by channel, from its reports. A column group holds the report of the last channel tried in that group. */
export async function readChannels(pool: Pool, keys: readonly string[]): Promise<ChannelResult[]> {
  const { rows } = await pool.query<ChannelResult>(
    `select channel, count(*) filter (where code = '10000')::int as delivered,
            count(*) filter (where code <> '10000')::int as undelivered
     from msg_log cross join lateral (values
       ((fallback_chain(channel_order))[mt_report_pos], mt_report_code),
       ((fallback_chain(channel_order))[kko_report_pos], kko_report_code),
       ((fallback_chain(channel_order))[rcs_report_pos], rcs_report_code)) as report(channel, code)
     where client_key = any($1::bigint[]) and channel is not null
     group by channel order by count(*) desc, channel`,
    [keys],
  );
  return rows;
}

export interface OutcomeCount {
  readonly outcome: string;
  readonly count: number;
}

/** How many messages ended their journey where. */
export async function readOutcomes(pool: Pool, keys: readonly string[]): Promise<OutcomeCount[]> {
  const { rows } = await pool.query<OutcomeCount>(
    `select outcome, count(*)::int from (
       select case
         when '10000' in (mt_report_code, kko_report_code, rcs_report_code) then
           'delivered on channel ' || greatest(case when mt_report_code = '10000' then mt_report_pos end,
             case when kko_report_code = '10000' then kko_report_pos end,
             case when rcs_report_code = '10000' then rcs_report_pos end)
         when coalesce(mt_report_pos, kko_report_pos, rcs_report_pos) is not null then 'not delivered on any channel'
         when coalesce(mt_report_code, kko_report_code, rcs_report_code) like 'E%' then 'refused by the agent'
         else 'rejected by the gateway' end as outcome
       from msg_log where client_key = any($1::bigint[])) journey
     group by outcome order by outcome`,
    [keys],
  );
  return rows;
}

const services: Readonly<Record<string, string>> = { dataApi: 'RDS Data API', sqs: 'SQS', gateway: 'gateway' };

export interface Summary {
  readonly result: RunResult;
  readonly channels: readonly ChannelResult[];
  readonly outcomes: readonly OutcomeCount[];
  readonly latencies: Latencies;
}

export function formatSummary({ result, channels, outcomes, latencies }: Summary): string {
  const per1000 = (calls: number) => `${((calls * 1000) / result.inserted).toFixed(1)} per 1,000`;
  const verdict = result.lost + result.duplicates === 0 ? 'Nothing lost, nothing sent twice.' : 'SOMETHING WENT WRONG.';
  return [
    '',
    table(
      ['channel', 'delivered', 'not delivered'],
      channels.map((row) => [row.channel, count(row.delivered), count(row.undelivered)]),
    ),
    '',
    table(
      ['journey', 'messages'],
      outcomes.map((row) => [row.outcome, count(row.count)]),
    ),
    '',
    table(
      ['from the INSERT', 'p50', 'p99'],
      [
        ['until accepted', seconds(latencies.accepted_p50), seconds(latencies.accepted_p99)],
        ['until archived', seconds(latencies.archived_p50), seconds(latencies.archived_p99)],
      ],
    ),
    '',
    table(
      ['calls', 'number', ''],
      Object.entries(result.calls).map(([name, calls]) => [services[name] ?? name, count(calls), per1000(calls)]),
    ),
    '',
    `${count(result.inserted)} inserted: ${count(result.accepted)} accepted, ${count(result.rejected)} rejected, ` +
      `${count(result.archived)} archived in ${result.seconds.toFixed(1)} s (${count(result.archivedPerSecond)} a second).`,
    `${verdict} ${count(result.lost)} lost, ${count(result.duplicates)} duplicates.`,
  ].join('\n');
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function seconds(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)} s`;
}
