import { archiveStore } from '../../functions/database/archive-store.ts';
import { banListStore } from '../../functions/database/ban-list-store.ts';
import { collectStore } from '../../functions/database/collect-store.ts';
import { expireStore } from '../../functions/database/expire-store.ts';
import { fileStore } from '../../functions/database/file-store.ts';
import { mergeStore } from '../../functions/database/merge-store.ts';
import { reportStore } from '../../functions/database/report-store.ts';
import { checkBanList } from '../../functions/maintenance/ban-list.ts';
import { uploadFiles } from '../../functions/maintenance/upload-files.ts';
import { type Refusal, ruleOf } from '../../functions/message/refusal.ts';
import { archive } from '../../functions/pipeline/archive.ts';
import { collect } from '../../functions/pipeline/collect.ts';
import { expire } from '../../functions/pipeline/expire.ts';
import { type Next, turnUntilEnd, turnUntilIdle } from '../../functions/pipeline/loop.ts';
import { mergeReports } from '../../functions/pipeline/merge-reports.ts';
import { receiveReports } from '../../functions/pipeline/receive-reports.ts';
import { send } from '../../functions/pipeline/send/send.ts';
import { defaults } from '../../functions/settings/settings.ts';
import { sizes } from '../../functions/settings/sizes.ts';
import { timing } from '../../functions/settings/timing.ts';
import type { SimulatedDatabase } from './database.ts';
import type { Moment } from './edges.ts';
import { Environments } from './environments.ts';
import type { FaultName } from './faults.ts';
import type { SimulatedFiles } from './files.ts';
import type { SimulatedGateway } from './gateway.ts';
import { Process } from './process.ts';
import { SimulatedQueue } from './queue.ts';
import type { Rate } from './rate.ts';
import type { ReportDesk } from './report-desk.ts';
import type { World } from './world.ts';

export interface AgentParts {
  readonly world: World;
  readonly database: SimulatedDatabase;
  readonly gateway: SimulatedGateway;
  readonly desk: ReportDesk;
  readonly files: SimulatedFiles;
  /** What a part would log, send as a metric, or put into a queue. */
  readonly onSaid: (what: unknown) => void;
  readonly rate: Rate;
  /** Before the names of its processes, if it is not the only agent. */
  readonly name?: string;
}

/** A day, as in the settings. */
const defaultValiditySeconds = 86_400;
const loopSeconds = 65;

type Part =
  | 'collector'
  | 'sender'
  | 'reportMigrator'
  | 'logMigrator'
  | 'banlistScheduler'
  | 'tranCleaner'
  | 'fileUploadScheduler'
  | 'receiver';

/** The agent's programs as AWS runs them: schedules, event sources, and a task that is replaced whenever it ends. */
export class SimulatedAgent {
  readonly #parts: AgentParts;
  readonly #queue: SimulatedQueue;
  readonly #environments: Environments;
  readonly #running = new Map<Process, Part>();
  readonly #stops = new Map<Process, AbortController>();
  #processCount = 0;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#environments = new Environments({ ...parts, defaultValiditySeconds });
    this.#queue = new SimulatedQueue({
      world: parts.world,
      onSaid: parts.onSaid,
      invoke: (batchIds, onEnd) => this.#startSender(batchIds, onEnd),
    });
  }

  start(): void {
    const { world } = this.#parts;
    const loopTimeoutMs = timing.loopTimeoutSeconds * 1000;
    this.#fire('collector', (process) => this.#turn(process, this.#collecting(process)), { timeoutMs: loopTimeoutMs });
    this.#fire('reportMigrator', (process) => this.#turn(process, this.#merging(process)), {
      timeoutMs: loopTimeoutMs,
    });
    // Fired more often than EventBridge can: its turns are what shows something.
    const everyMs = () => this.#pauseMs();
    this.#fire('logMigrator', (process) => this.#archive(process), { everyMs });
    const everyThirdMs = () => 3 * this.#pauseMs();
    this.#fire('tranCleaner', (process) => this.#clean(process), { everyMs: everyThirdMs });
    this.#fire('banlistScheduler', (process) => this.#checkBanList(process), { everyMs: everyThirdMs });
    this.#fire('fileUploadScheduler', (process) => this.#uploadFiles(process));
    this.#keepReceiver();
    world.after(2_000, () => this.#harm());
  }

  /** Ends one part, or all, in the middle of their work. */
  kill(part?: Part): void {
    for (const [process, name] of this.#running) if (part === undefined || name === part) process.kill();
    if (part === undefined) this.#environments.clear();
  }

  #harm(): void {
    const { world } = this.#parts;
    if (world.faults.over) return;
    const kills: readonly [FaultName, Part | undefined][] = [
      ['collectorKilled', 'collector'],
      ['senderKilled', 'sender'],
      ['reportMigratorKilled', 'reportMigrator'],
      ['receiverKilled', 'receiver'],
      ['everythingKilled', undefined],
    ];
    for (const [fault, part] of kills) {
      const isAtWork = part === undefined || [...this.#running.values()].includes(part);
      if (isAtWork && world.faults.strikes(fault)) this.kill(part);
    }
    if (!this.#queue.isEmpty && world.faults.strikes('queueWiped')) this.#queue.wipe();
    // Longer than a report without a reference is looked for.
    if (world.faults.strikes('gatewayMute')) this.#parts.gateway.fallMute(world.random.between(30_000, 1_200_000));
    if (world.faults.strikes('gatewayRefusesAll')) this.#parts.gateway.refuseAll(world.random.between(5_000, 60_000));
    this.#parts.rate.mayLower();
    if (this.#stops.size > 0 && world.faults.strikes('receiverStopped'))
      for (const stop of this.#stops.values()) stop.abort();
    if (world.faults.strikes('secondReceiver')) this.#startReceiver(() => undefined);
    world.after(world.random.between(1_000, 6_000), () => this.#harm());
  }

  #spawn(part: Part): Process {
    this.#processCount += 1;
    const process = new Process(this.#parts.world, `${this.#parts.name ?? ''}${part}${this.#processCount}`);
    this.#running.set(process, part);
    process.onEnd(() => this.#running.delete(process));
    return process;
  }

  /** By a schedule, once a minute unless said otherwise; what does not loop must be over before that. */
  #fire(
    part: Part,
    run: (process: Process) => Promise<void>,
    { everyMs = (): number => 60_000, timeoutMs = timing.singleTimeoutSeconds * 1000 } = {},
  ): void {
    const { world } = this.#parts;
    world.after(world.random.between(0, 3_000), () => {
      const fire = () => {
        world.after(everyMs(), fire);
        if (world.faults.strikes('firingMissed')) return;
        const process = this.#spawn(part);
        const end = () => process.kill();
        run(process).then(end, end);
        world.after(timeoutMs, end);
      };
      fire();
    });
  }

  async #turn(process: Process, turn: () => Promise<Next>): Promise<void> {
    const { rate, onSaid } = this.#parts;
    const { clock } = process;
    const loop = {
      endsAt: clock.now() + loopSeconds * 1000,
      soonMs: rate.messagesPerSecond === 0 ? 200 : 1_000,
      idleMs: this.#pauseMs(),
    };
    await turnUntilEnd(turn, { ...loop, clock, onError: onSaid });
  }

  async #drain(process: Process, turn: () => Promise<Next>): Promise<void> {
    const { clock } = process;
    const endsAt = clock.now() + (timing.singleTimeoutSeconds - timing.turnReserveSeconds) * 1000;
    await turnUntilIdle(turn, { endsAt, clock }).catch(this.#parts.onSaid);
  }

  async #archive(process: Process): Promise<void> {
    this.#mayKillSoon('logMigratorKilled', process);
    await this.#drain(process, this.#archiving(process));
  }

  async #clean(process: Process): Promise<void> {
    const { database, gateway, onSaid } = this.#parts;
    this.#mayKillSoon('cleanerKilled', process);
    const store = expireStore(database.connect(process), {
      rangeHours: defaults.cleanTranRangeHours,
      reconcileAfterHours: defaults.reconcileAfterHours,
      unmatchedKeepDays: defaults.unmatchedKeepDays,
    });
    let requests = defaults.reconcileRequests;
    // Few rows at a time: there are not many.
    const few = { expire: sizes.expire, batch: 7 };
    await this.#drain(process, async () => {
      const tally = await expire({ store, gateway: gateway.connect(process) }, { sizes: few, requests });
      requests -= tally.requests;
      onSaid(tally);
      return tally.next;
    });
  }

  /** Long once the faults have stopped: idle turns show nothing new. */
  #pauseMs(): number {
    const { world } = this.#parts;
    return world.faults.over ? 15_000 : world.random.between(2_000, 6_000);
  }

  /** For a part that is over so soon that the other kills would hardly ever hit it. */
  #mayKillSoon(fault: FaultName, process: Process): void {
    const { world } = this.#parts;
    if (world.faults.strikes(fault)) world.after(world.random.between(0, 30), () => process.kill());
  }

  async #checkBanList(process: Process): Promise<void> {
    const { world, database, onSaid } = this.#parts;
    this.#mayKillSoon('banlistSchedulerKilled', process);
    const store = banListStore(database.connect(process));
    try {
      const tally = await checkBanList({ store }, { problemLimit: sizes.banProblems });
      onSaid(tally);
      if (tally.isPublished) world.saw('a ban list is published' satisfies Moment);
      if (tally.hasNewProblems) world.saw('an entry that bans nothing is told of' satisfies Moment);
    } catch (error) {
      onSaid(error);
    }
  }

  async #uploadFiles(process: Process): Promise<void> {
    const { world, database, files, onSaid } = this.#parts;
    // An upload takes some hundred milliseconds.
    if (world.faults.strikes('fileUploadSchedulerKilled'))
      world.after(world.random.between(0, 300), () => process.kill());
    const store = fileStore(database.connect(process), { ttlMinutes: 1_440 });
    const endsAt = process.clock.now() + (timing.singleTimeoutSeconds - timing.uploadReserveSeconds) * 1000;
    const turn = async () => {
      const tally = await uploadFiles({ store, ...files.connect(process) }, { turnLimit: sizes.files });
      onSaid(tally);
      if (tally.uploaded > 0) world.saw('a file is uploaded' satisfies Moment);
      if (tally.renewed > 0) world.saw('a key is renewed' satisfies Moment);
      if (tally.released > 0) world.saw('a row goes on when its file is renewed' satisfies Moment);
      return tally.next;
    };
    await turnUntilIdle(turn, { endsAt, clock: process.clock }).catch(onSaid);
  }

  #collecting(process: Process) {
    const { database, rate, onSaid } = this.#parts;
    const { messagesPerSecond } = rate;
    const store = collectStore(database.connect(process), { defaultValiditySeconds });
    const ports = { store, queue: this.#queue.connect(process) };
    return async () => {
      const tally = await collect(ports, { messagesPerSecond, sendQueueLimit: 3_000, sizes });
      onSaid(asLogged(tally));
      return tally.next;
    };
  }

  #merging(process: Process) {
    const { world, database, onSaid } = this.#parts;
    const store = mergeStore(database.connect(process));
    let fromSeq = '0';
    return async () => {
      const tally = await mergeReports({ store }, { fromSeq, turnLimit: sizes.merge });
      fromSeq = tally.fromSeq;
      if (tally.unmatched > 0) world.saw('a report that never finds its row');
      onSaid(tally);
      return tally.next;
    };
  }

  #archiving(process: Process) {
    const { database, onSaid } = this.#parts;
    const store = archiveStore(database.connect(process));
    return async () => {
      const tally = await archive({ store }, { turnLimit: sizes.archive });
      onSaid(tally);
      return tally.next;
    };
  }

  #startSender(batchIds: readonly string[], onEnd: (failed: readonly string[] | undefined) => void): void {
    const { world, gateway, rate } = this.#parts;
    const process = this.#spawn('sender');
    const environment = this.#environments.take(rate.messagesPerSecond);
    environment.begin(process);
    const ports = { store: environment.store, gateway: gateway.connect(process), clock: process.clock };
    let failed: readonly string[] | undefined;
    process.onEnd(() => {
      // A killed invocation takes its environment with it.
      if (failed !== undefined) this.#environments.giveBack(environment);
      onEnd(failed);
    });
    // The protocol must not depend on a timeout that somebody else enforces.
    world.after(timing.senderTimeoutSeconds * 1000, () => {
      const isLate = process.alive && (process.isFrozen || world.faults.strikes('timeoutLate'));
      world.after(isLate ? world.random.between(30_000, 200_000) : 0, () => process.kill());
    });
    void Promise.all(batchIds.map((batchId) => this.#sendOne(batchId, ports))).then((outcomes) => {
      failed = batchIds.filter((_, index) => outcomes[index] === 'failed');
      process.kill();
    });
  }

  async #sendOne(batchId: string, ports: Parameters<typeof send>[1]): Promise<'sent' | 'failed'> {
    const { world, onSaid } = this.#parts;
    try {
      const tally = await send(batchId, ports);
      world.saw(`send: ${tally.outcome}`);
      world.tell(`batch ${batchId} ${tally.outcome} ${tally.accepted} accepted ${tally.rejected} rejected`);
      onSaid(asLogged(tally));
      return 'sent';
    } catch (error) {
      onSaid(error);
      return 'failed';
    }
  }

  /** As ECS does: a new task replaces one that ended. */
  #keepReceiver(): void {
    const { world } = this.#parts;
    this.#startReceiver(() => world.after(world.random.between(3_000, 20_000), () => this.#keepReceiver()));
  }

  #startReceiver(onEnd: () => void): void {
    const { database, desk, onSaid } = this.#parts;
    const process = this.#spawn('receiver');
    const stop = new AbortController();
    this.#stops.set(process, stop);
    process.onEnd(() => {
      this.#stops.delete(process);
      onEnd();
    });
    const reports = reportStore(database.connect(process));
    const store = {
      ...reports,
      store: (...args: Parameters<typeof reports.store>) => {
        this.#mayKillSoon('receiverKilled', process);
        return reports.store(...args);
      },
    };
    const ports = {
      gateway: { openReports: () => desk.open(process) },
      store,
      clock: { ...process.clock, sleep: (ms: number, signal: AbortSignal) => abortable(process.sleep(ms), signal) },
      onEvent: onSaid,
    };
    const end = () => process.kill();
    receiveReports(ports, { subscription: 'simulated', holder: process.name }, stop.signal).then(end, (error) => {
      onSaid(error);
      end();
    });
  }
}

/** For refused rows the functions log the rule, never the row's value. */
function asLogged<T extends { readonly refused: readonly (Refusal & { clientKey: string })[] }>(tally: T): object {
  const refused = tally.refused.map(({ clientKey, code, reason }) => ({ clientKey, code, rule: ruleOf(reason) }));
  return { ...tally, refused };
}

async function abortable(sleep: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let onAbort = () => {};
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
  });
  await Promise.race([sleep, aborted]);
  signal.removeEventListener('abort', onAbort);
}
