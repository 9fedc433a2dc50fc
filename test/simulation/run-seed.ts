import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type pg from 'pg';
import type { Sessions } from '../../bin/local/data-api/sessions.ts';
import { simulatorOptions } from '../../bin/local/simulator/options.ts';
import { SimulatedAgent } from './agent.ts';
import { checkPunctual, isAtRest, whatIsLeft } from './at-rest.ts';
import { Checker } from './checker.ts';
import { Customer } from './customer.ts';
import { SimulatedDatabase, type SimulatedDatabaseOptions } from './database.ts';
import { DatabaseClock } from './database-clock.ts';
import type { Moment } from './edges.ts';
import { checkEndings } from './expectations.ts';
import { SimulatedFiles } from './files.ts';
import { SimulatedGateway } from './gateway.ts';
import { Ledger, type Step } from './ledger.ts';
import { MonthRight } from './month-right.ts';
import { Rate } from './rate.ts';
import { ReportDesk } from './report-desk.ts';
import { changesLog, checkStatistics } from './statistics.ts';
import { emptyTables } from './tables.ts';
import type { RowTruth } from './truth.ts';
import { type Invariant, Violation, World } from './world.ts';

export interface SeedRun {
  /** Of the master user, who sees all tables. */
  readonly client: pg.Client;
  readonly customers: pg.Client;
  readonly sessions: Sessions;
  readonly seed: number;
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface SeedResult {
  readonly seed: number;
  /** The first violation, in words; undefined if there was none. */
  readonly violation: string | undefined;
  /** The invariant that it violates; undefined if it is not about an invariant. */
  readonly invariant: Invariant | undefined;
  readonly faults: Readonly<Record<string, number>>;
  readonly edges: Readonly<Record<string, number>>;
  /** Of the whole trace: the same in every run of a seed. */
  readonly fingerprint: string;
}

const dayMs = 86_400_000;
/** Noon in Seoul in the middle of a month, and half a minute before the end of one. */
const ordinaryStart = Date.parse('2031-01-15T03:00:00Z');
const monthsEnd = Date.parse('2031-01-31T14:59:30Z');
/** How long everything may take to come to rest once the faults have stopped. */
const calmRestMs = 60 * 60_000;
/** Longer than the clock steps back after a day on which the agent was down, and perhaps before its first claim: unnoticed. */
const unnoticedStepMs = 65 * 60_000;
/** Longer than a late request takes to reach the gateway, or an undeleted record stays hidden. */
const stragglersMs = 240_000;

/** Longer than a row without a result waits to be ended. */
const daysOfLoss = 4.05;

const behaviour = {
  ...{ repeatedShare: 0.1, beforeAnswerShare: 0.15, disorderShare: 0.2, rejectedShare: 0.1, fallbackShare: 0.4 },
  undeliveredShare: 0.2,
};

/** Runs one seed, and says whether the invariants held to its end. */
export async function runSeed({ client, customers, sessions, seed, onLine }: SeedRun): Promise<SeedResult> {
  const world = new World({ seed, startAt: ordinaryStart, onLine });
  if (world.faults.strikes('monthEnds')) world.beginAt(monthsEnd);
  const isDenied = world.faults.strikes('ddlDenied');
  const monthRight = new MonthRight(world, client);
  await emptyTables(client, { dropNextMonth: world.faults.strikes('monthMissing') || isDenied });
  if (isDenied) await monthRight.deny();
  const dataDir = mkdtempSync(join(tmpdir(), 'omni-simulation-'));
  const loses = world.faults.strikes('reportsLost');
  const unreportedShare = loses ? 0.25 : 0;
  const fate = { seed, behaviour: simulatorOptions.shape.behaviour.parse({ ...behaviour, unreportedShare }) };
  const ledger = new Ledger(world);
  const rate = new Rate(world, world.random.pick([0, 4, 8, 16]));
  const checker = new Checker({ world, ledger, client, openLimit: rate.openLimit });
  const desk = new ReportDesk(world, ledger, fate);
  const files = new SimulatedFiles(world, customers);
  const customer = new Customer({ world, ledger, checker, client: customers, master: client, desk, files });
  const onRefused = (row: RowTruth) => customer.mayMindHalving(row);
  const onUnsent = (row: RowTruth) => customer.mayThinkAgain(row);
  const onAnswered = (row: RowTruth) => {
    customer.mayReplace(row);
    customer.mayMindTheAnswer(row);
  };
  const onLost = (row: RowTruth) => customer.mayMindTheLoss(row);
  const hooks = { onRefused, onUnsent, onAnswered, onLost };
  const gateway = new SimulatedGateway({ world, ledger, checker, desk, files, fate, dataDir, ...hooks });
  try {
    const violation = await tell({
      ...{ loses, world, ledger, rate, checker, customer, desk, files, gateway, client, sessions, monthRight },
    }).catch((error: Error) => error);
    if (violation !== undefined) world.tell(String(violation));
    const invariant = violation instanceof Violation ? violation.invariant : undefined;
    const shown = { faults: world.faults.counts, edges: world.edges, fingerprint: world.fingerprint() };
    return { seed, violation: violation && String(violation), invariant, ...shown };
  } finally {
    gateway.close();
    await monthRight.giveBack();
    rmSync(dataDir, { recursive: true });
  }
}

const steps: Readonly<Record<string, Step>> = { leaseBatch: 'lease', sealBatch: 'seal', settleBatch: 'settle' };

interface Story {
  /** Whether nobody fetches reports for four days. */
  readonly loses: boolean;
  readonly world: World;
  readonly ledger: Ledger;
  readonly rate: Rate;
  readonly checker: Checker;
  readonly customer: Customer;
  readonly desk: ReportDesk;
  readonly files: SimulatedFiles;
  readonly gateway: SimulatedGateway;
  readonly client: pg.Client;
  readonly sessions: Sessions;
  readonly monthRight: MonthRight;
}

async function tell(story: Story): Promise<undefined> {
  const { world, ledger, rate, checker, customer, desk, files, gateway, client, sessions, monthRight } = story;
  const { random } = world;
  const isDenied = (message: string) => monthRight.isReasonOf(message);
  const database = new SimulatedDatabase({ world, sessions, onStatement: listener(story), isDenied });
  const parts = { world, database, gateway, desk, files, rate, onSaid: (what: unknown) => checkPrivacy(world, what) };
  const agents = [new SimulatedAgent(parts)];
  // As unaware of each other as if each were the only one.
  if (world.faults.strikes('twoAgents')) agents.push(new SimulatedAgent({ ...parts, name: 'other ' }));
  for (const agent of agents) agent.start();
  const dayPasses = world.faults.strikes('dayPasses');
  new DatabaseClock({ world, ledger, checker, client, dayPasses }).start();
  customer.start(random.integer(20, 60));
  await world.run(() => false, random.between(50_000, 150_000));
  if (dayPasses) {
    // In the middle of a send, if there is one: its batch is in doubt when everything is up again.
    await world.run(() => checker.last.batches.some(({ state }) => state === 'sealed'), 90_000);
    await world.run(() => false, random.between(0, 300));
    for (const agent of agents) agent.kill();
    // The gateway remembers a key for one day; a batch whose rows all have reports may stay in doubt for two.
    const days = random.pick([1.05, 2.05]);
    world.skip(days * dayMs);
    world.tell(`${days} days pass`);
    await world.run(() => false, 90_000);
  }
  const passDays = (days: number) => {
    for (const agent of agents) agent.kill();
    world.skip(days * dayMs);
    world.tell(`${days} days pass`);
  };
  if (story.loses) {
    desk.lose();
    passDays(daysOfLoss);
    await world.run(() => false, 90_000);
  }
  world.faults.over = true;
  world.tell('faults stop');
  if (story.loses) {
    // What was sent since then, and has no result, is only ended four days later.
    await world.run(() => false, 20 * 60_000);
    passDays(daysOfLoss);
    // A row of which the gateway told another channel's result then is asked about once more.
    await world.run(() => false, 10 * 60_000);
    passDays(1.05);
  }
  const restLimitMs = calmRestMs + (dayPasses && ledger.clockHasStepped ? unnoticedStepMs : 0);
  const isDone = () => customer.isDone && isAtRest({ checker, ledger, desk });
  // One whose batch was in doubt may count as sent only since then.
  if (story.loses && !(await world.run(isDone, 20 * 60_000))) {
    passDays(daysOfLoss);
    await world.run(isDone, 10 * 60_000);
    passDays(1.05);
  }
  if (!(await world.run(isDone, restLimitMs)))
    throw new Violation('I9', `not at rest: ${whatIsLeft({ checker, desk, ledger })}`);
  // What is still on its way in a network or the queue arrives, and must change nothing. Only a batch that was in doubt may be
  // closed by then, and reports that waited for it be given up some time later.
  await world.run(() => false, stragglersMs);
  if (!(isDone() || (await world.run(isDone, restLimitMs))))
    throw new Violation('I9', `no longer at rest: ${whatIsLeft({ checker, desk, ledger })}`);
  await checkEndings(client, ledger);
  await checkStatistics(client);
  rate.check(ledger.calls);
  if (world.faults.isCalm) checkPunctual(ledger, rate.messagesPerSecond);
}

/** What a committed statement means to the other parts. */
function listener({ world, ledger, checker, customer, client }: Story): SimulatedDatabaseOptions['onStatement'] {
  let statistics = '';
  return async ({ name, batchId, outcome }, process) => {
    const step = steps[name];
    const isDone = step === 'settle' || outcome === 'leased' || outcome === 'sealed';
    if (step !== undefined && isDone) ledger.mark(step, process.name, batchId);
    ledger.bans.note(name, process.name);
    if (name === 'storeReports') ledger.stored(process.name);
    const isLate = name === 'releaseBatch' && ledger.isTakenOver(batchId, process.name);
    const lost = isLate ? checker.last.batches.find(({ id }) => id === batchId) : undefined;
    await checker.look(name);
    if (changesLog.has(name)) {
      const counted = await checkStatistics(client).catch((error: Error) => void world.fail(error));
      if (name === 'mergeLateReports' && counted !== statistics)
        world.saw('a late report changes a count' satisfies Moment);
      statistics = counted ?? '';
    }
    if (lost !== undefined) {
      world.saw('a batch given back after a takeover' satisfies Moment);
      checker.checkUntouched(lost);
    }
    if (name === 'addLogColumns') world.saw('a column of the customer is added to the log' satisfies Moment);
    if (step === 'lease' && isDone) customer.mayInterfere(batchId);
    if (step === 'seal' && isDone) process.mayFreeze();
  };
}

/** Numbers and contents of the simulated customer: none may appear in what the agent says. */
function checkPrivacy(world: World, said: unknown): void {
  const text = inspect(said, { depth: null });
  if (/(?<![\d.])(010|\+?82-?10|０１０)[-. ]?[\d０-９]{4}[-. ]?[\d０-９]{4}(?!\d)|r\d+x (version|note)/.test(text))
    world.fail(new Violation('I8', `personal data is said: ${text}`));
}
