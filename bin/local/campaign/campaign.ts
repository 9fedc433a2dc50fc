import type { Pool } from 'pg';

/** One row of the demo campaign: the columns that its INSERT names. */
export interface CampaignRow {
  readonly client_key: string;
  readonly priority: string;
  readonly channel_order: string;
  readonly callback: string;
  readonly recipient: string;
  readonly mt_subject: string | null;
  readonly mt_content: string | null;
  readonly kko_msg_type: string | null;
  readonly kko_content: string | null;
  readonly kko_option: string | null;
  readonly kko_sender_key: string | null;
  readonly kko_template_code: string | null;
  readonly rcs_content: string | null;
  readonly rcs_option: string | null;
  readonly rcs_brand_key: string | null;
  readonly rcs_msgbase_id: string | null;
  readonly etc_text_1: string;
}

/** The product's published mix: 40 % with three channels, 40 % with two, 20 % with one. Ten chains, each a tenth. */
const chains = [
  'alimtalk,rcs,sms',
  'alimtalk,rcs,mms',
  'rcs,alimtalk,sms',
  'rcs,alimtalk,mms',
  'alimtalk,sms',
  'alimtalk,mms',
  'rcs,sms',
  'rcs,mms',
  'sms,mms,international,alimtalk,rcs',
  'sms,mms,international,alimtalk,rcs',
];

/** One-time passwords are few, campaigns many. */
const priorities = ['veryfast', 'fast', 'fast', 'slow', 'slow', 'slow', 'slow'];

export function campaignRow(clientKey: string, index: number): CampaignRow {
  const chain = chains[index % 10] ?? '';
  const singles = chain.split(',').length > 3;
  const channelOrder = singles ? (chain.split(',')[Math.floor(index / 10) % 5] ?? '') : chain;
  const has = (...channels: string[]) => channelOrder.split(',').some((channel) => channels.includes(channel));
  const number = String(1 + (index % 9_999_999)).padStart(8, '0');
  const text = `Your order ${index + 1} is on its way.`;
  return {
    client_key: clientKey,
    priority: priorities[index % priorities.length] ?? 'slow',
    channel_order: channelOrder,
    callback: '0200000000',
    recipient: channelOrder === 'international' ? `+8210${number}` : `010${number}`,
    mt_subject: has('mms') ? 'Your order' : null,
    mt_content: has('sms', 'mms', 'international') ? text : null,
    kko_msg_type: has('alimtalk') ? 'AT' : null,
    kko_content: has('alimtalk') ? text : null,
    kko_option: has('alimtalk') ? '{"title":"Your order"}' : null,
    kko_sender_key: has('alimtalk') ? 'demo-sender' : null,
    kko_template_code: has('alimtalk') ? 'DEMO-TEMPLATE' : null,
    rcs_content: has('rcs') ? text : null,
    rcs_option: has('rcs') ? '{"header":"0","copyAllowed":"1"}' : null,
    rcs_brand_key: has('rcs') ? 'demo-brand' : null,
    rcs_msgbase_id: has('rcs') ? 'SS000000' : null,
    etc_text_1: `demo ${index + 1}`,
  };
}

const columns = Object.keys(campaignRow('0', 0)) as (keyof CampaignRow)[];
const columnList = columns.join(', ');
const rowsPerInsert = 1_000;

/** Inserts the campaign as a customer would; returns the inserted rows by client_key. */
export async function insertCampaign(pool: Pool, messages: number): Promise<Map<string, CampaignRow>> {
  const keys = await pool.query<{ key: string }>(
    `select nextval('sq_msg_tran_01')::text as key from generate_series(1, $1)`,
    [messages],
  );
  const rows = keys.rows.map(({ key }, index) => campaignRow(key, index));
  for (let start = 0; start < rows.length; start += rowsPerInsert) {
    await pool.query(
      `insert into msg_tran (${columnList}, request_date)
       select ${columnList}, now() from jsonb_populate_recordset(null::msg_tran, $1::jsonb)`,
      [JSON.stringify(rows.slice(start, start + rowsPerInsert))],
    );
  }
  return new Map(rows.map((row) => [row.client_key, row]));
}

/** Keys of rows that are missing from the log, or are there with other contents than they were inserted with. */
export async function findLost(pool: Pool, campaign: ReadonlyMap<string, CampaignRow>): Promise<string[]> {
  const { rows } = await pool.query<CampaignRow>(
    `select client_key::text, ${columns.slice(1).join(', ')} from msg_log
     where etc_text_1 like 'demo %' and client_key = any($1::bigint[])`,
    [[...campaign.keys()]],
  );
  const found = new Map(rows.map((row) => [row.client_key, row]));
  return [...campaign].filter(([key, row]) => !isSame(row, found.get(key))).map(([key]) => key);
}

function isSame(inserted: CampaignRow, logged: CampaignRow | undefined): boolean {
  return logged !== undefined && columns.every((column) => inserted[column] === logged[column]);
}
