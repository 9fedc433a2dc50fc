import type pg from 'pg';
import { type CampaignRow, campaignRow } from '../local/campaign.ts';
import type { Checker } from './checker.ts';
import { timeZone } from './database.ts';
import type { FaultName } from './faults.ts';
import type { Ledger, RowTruth } from './ledger.ts';
import type { ReportDesk } from './report-desk.ts';
import type { World } from './world.ts';

export interface CustomerParts {
  readonly world: World;
  readonly ledger: Ledger;
  readonly checker: Checker;
  readonly client: pg.Client;
  readonly desk: ReportDesk;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const validitySeconds = 86_400;
/** Above 2^53, so that a key that became a number on its way is not found again. */
const firstKey = 9_007_199_254_741_000n;

/** What the columns of a row say about when and whether it may be sent. */
interface Plan {
  readonly channelOrder?: string;
  readonly dueInMs: number;
  readonly ttl: number | null;
  readonly isDateless?: boolean;
  /** Whether there is nothing wrong with the given channel_order. */
  readonly isSendable?: boolean;
}

/** Which rows the customer meddles with. */
interface Choice {
  /** Their msg_status: '1' is not sent yet, as far as the tables say. */
  readonly status: '1' | '2';
  /** Only those of this batch. */
  readonly batchId: string | undefined;
  readonly isPreferred?: (row: RowTruth) => boolean;
}

/** A customer who inserts, thinks better of it, and bans numbers, all of it by SQL. */
export class Customer {
  readonly #parts: CustomerParts;
  #count = 0;
  /** Whether its messages are valid for longer than the gateway remembers a key. */
  readonly #isPatient: boolean;
  /** Whether everything that it wanted to insert is inserted. */
  isDone = false;

  constructor(parts: CustomerParts) {
    this.#parts = parts;
    this.#isPatient = parts.world.random.chance(0.3);
  }

  /** Inserts so many rows in some bursts over the first minute; meddles until the faults stop. */
  start(messages: number): void {
    const { world } = this.#parts;
    let left = messages;
    // Some send a campaign at once: only then calls queue up for their slots.
    const mostAtOnce = world.random.pick([15, 60]);
    const burst = async () => {
      const count = Math.min(left, world.random.integer(1, mostAtOnce));
      for (let i = 0; i < count; i++) await this.#insert(this.#randomPlan());
      left -= count;
      this.isDone = left === 0;
      if (left > 0) world.after(world.random.between(500, 20_000), burst);
    };
    world.after(world.random.between(0, 2_000), burst);
    world.after(world.random.between(1_000, 10_000), () => this.#meddle());
  }

  #randomPlan(): Plan {
    const { random } = this.#parts.world;
    if (this.#isPatient) return { dueInMs: 0, ttl: 3 * validitySeconds };
    const die = random.next();
    if (die < 0.1) return { dueInMs: random.between(5_000, 90_000), ttl: null };
    if (die < 0.2) return { dueInMs: 0, ttl: random.integer(3, 120) };
    if (die < 0.25) return { dueInMs: -random.between(0, 20) * hourMs, ttl: validitySeconds };
    if (die < 0.28) return { dueInMs: 0, ttl: null, channelOrder: random.pick(['pigeon', 'sms,sms', 'sms,,mms']) };
    if (die < 0.3) return { dueInMs: 0, ttl: null, isDateless: true };
    // Two channels that share a column group.
    if (die < 0.5)
      return { dueInMs: 0, ttl: null, channelOrder: random.pick(['sms,mms', 'mms,sms']), isSendable: true };
    return { dueInMs: 0, ttl: random.pick([null, validitySeconds]) };
  }

  async #insert(plan: Plan, reusedKey?: string): Promise<void> {
    const { world, ledger, client, checker } = this.#parts;
    this.#count += 1;
    const clientKey = reusedKey ?? String(firstKey + BigInt(this.#count));
    const id = `r${this.#count}x`;
    const row = named(campaignRow(clientKey, this.#count), id, 0);
    const mt = plan.isSendable ? { mt_subject: 'Your order', mt_content: `${id} version 0` } : {};
    const values = { ...row, ...mt, channel_order: plan.channelOrder ?? row.channel_order, ttl: plan.ttl };
    const dueAt = Math.round(world.now + plan.dueInMs);
    const columns = Object.keys(values);
    const date = plan.isDateless ? `'infinity'` : `to_timestamp(${dueAt} / 1000.0) at time zone '${timeZone}'`;
    await client.query(
      `insert into msg_tran (${columns.join(', ')}, request_date)
       values (${columns.map((_, index) => `$${index + 1}`).join(', ')}, ${date})`,
      Object.values(values),
    );
    const isMalformed = (plan.channelOrder !== undefined && !plan.isSendable) || plan.isDateless === true;
    ledger.insert({
      id,
      clientKey,
      chain: values.channel_order.split(','),
      recipient: row.recipient,
      month: plan.isDateless ? undefined : monthOf(dueAt),
      dueAt: plan.isDateless ? world.now : dueAt,
      expiresAt: dueAt + (plan.ttl ?? validitySeconds) * 1000,
      isMalformed,
      version: 0,
      changedAt: Number.NEGATIVE_INFINITY,
      deletedAt: undefined,
      bannedAt: undefined,
      accepted: [],
      rejectedCode: undefined,
      told: [],
      reports: new Map(),
    });
    world.tell(`customer inserts ${id}`);
    await checker.look();
  }

  #meddle(): void {
    const { world } = this.#parts;
    if (world.faults.over) return;
    world.after(world.random.between(1_000, 8_000), async () => {
      await this.#meddleOnce();
      await this.#reuse();
      this.#meddle();
    });
  }

  /** To be called when a sender has looked at a batch: it seals soon, and some customers are at its rows just then. */
  mayInterfere(batchId: string): void {
    const { world } = this.#parts;
    if (!world.faults.over && world.random.chance(0.15))
      world.after(world.random.between(0, 50), () => this.#meddleOnce(batchId));
  }

  /** With rows of this batch, or any. */
  async #meddleOnce(batchId?: string): Promise<void> {
    const { world } = this.#parts;
    const unsent = { status: '1', batchId } as const;
    // Who puts off mostly does so because a row is too late.
    const late = { ...unsent, isPreferred: ({ expiresAt }: RowTruth) => expiresAt <= world.now };
    await this.#meddleWith(unsent, 'rowDeleted', (row) => this.#delete(row));
    await this.#meddleWith(unsent, 'rowChanged', (row) => this.#change(row));
    await this.#meddleWith(late, 'rowPostponed', (row) => this.#postpone(row));
    await this.#meddleWith(unsent, 'rowGrown', (row) => this.#grow(row));
    await this.#meddleWith(unsent, 'numberBanned', (row) => this.#ban(row, 'R', row.recipient));
    await this.#meddleWith(unsent, 'textBanned', (row) => this.#ban(row, 'T', `${row.id} version`));
    await this.#meddleWith({ status: '2', batchId }, 'sentRowDeleted', (row) => this.#delete(row));
  }

  /** With any row of this choice, if the fault strikes. */
  async #meddleWith(choice: Choice, fault: FaultName, act: (row: RowTruth) => Promise<void>): Promise<void> {
    const { world, ledger, checker } = this.#parts;
    const { status, batchId, isPreferred = () => false } = choice;
    const rows = checker.last.rows.filter(
      (row) => row.place === 'tran' && row.status === status && (batchId ?? row.batchId) === row.batchId,
    );
    if (rows.length === 0 || !world.faults.strikes(fault)) return;
    const truths = rows.flatMap(({ id }) => ledger.rows.get(id) ?? []);
    const preferred = truths.filter(isPreferred);
    await act(world.random.pick(preferred.length > 0 ? preferred : truths));
    await checker.look();
  }

  async #delete(row: RowTruth): Promise<void> {
    const { world, client } = this.#parts;
    await client.query('delete from msg_tran where client_key = $1 and etc_text_1 = $2', [row.clientKey, row.id]);
    row.deletedAt = world.now;
    world.tell(`customer deletes ${row.id}`);
  }

  async #change(row: RowTruth): Promise<void> {
    const { world, client } = this.#parts;
    row.version += 1;
    row.changedAt = world.now;
    const text = `${row.id} version ${row.version}`;
    await client.query(
      `update msg_tran set mt_content = case when mt_content is not null then $3 end,
         kko_content = case when kko_content is not null then $3 end,
         rcs_content = case when rcs_content is not null then $3 end
       where client_key = $1 and etc_text_1 = $2`,
      [row.clientKey, row.id, text],
    );
    world.tell(`customer changes ${row.id}`);
  }

  async #postpone(row: RowTruth): Promise<void> {
    const { world, client } = this.#parts;
    if (row.isMalformed) return;
    const validMs = row.expiresAt - row.dueAt;
    row.dueAt = Math.round(world.now + world.random.between(1_000, 90_000));
    row.expiresAt = row.dueAt + validMs;
    row.month = monthOf(row.dueAt);
    row.changedAt = world.now;
    await client.query(
      `update msg_tran set request_date = to_timestamp($3 / 1000.0) at time zone '${timeZone}'
       where client_key = $1 and etc_text_1 = $2`,
      [row.clientKey, row.id, row.dueAt],
    );
    world.tell(`customer puts ${row.id} off`);
  }

  /** To more than the Data API could return. */
  async #grow(row: RowTruth): Promise<void> {
    const { world, client } = this.#parts;
    row.isMalformed = true;
    row.changedAt = world.now;
    await client.query(
      `update msg_tran set kko_option = json_build_object('title', repeat('x', 70000)) where client_key = $1 and etc_text_1 = $2`,
      [row.clientKey, row.id],
    );
    world.tell(`customer makes ${row.id} grow`);
  }

  /** Its number (`R`), or a text that only its contents have (`T`). */
  async #ban(row: RowTruth, type: 'R' | 'T', text: string): Promise<void> {
    const { world, client } = this.#parts;
    await client.query('insert into msg_banlist (ban_type, ban_text) values ($1, $2)', [type, text]);
    row.bannedAt ??= world.now;
    world.tell(`customer bans ${type === 'R' ? 'the number' : 'the text'} of ${row.id}`);
  }

  /** Customers use a client_key again once its row is archived. */
  async #reuse(): Promise<void> {
    const { world, ledger, checker } = this.#parts;
    const taken = new Set(checker.last.rows.filter(({ place }) => place === 'tran').map(({ id }) => id));
    const free = [...ledger.rows.values()].filter(
      (row) => ![...ledger.rows.values()].some((other) => other.clientKey === row.clientKey && taken.has(other.id)),
    );
    if (free.length === 0 || !world.faults.strikes('keyReused')) return;
    const { clientKey } = world.random.pick(free);
    await this.#insert({ dueInMs: 0, ttl: null }, clientKey);
    this.#parts.desk.repeatFor(clientKey);
  }
}

/** Every content names its row, and how often the customer has changed it. */
function named(row: CampaignRow, id: string, version: number): CampaignRow {
  const text = `${id} version ${version}`;
  return {
    ...row,
    etc_text_1: id,
    mt_content: row.mt_content && text,
    kko_content: row.kko_content && text,
    rcs_content: row.rcs_content && text,
  };
}

function monthOf(at: number): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit' }).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}${part('month')}`;
}
