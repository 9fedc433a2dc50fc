import type { ExecuteStatementCommand, ExecuteStatementCommandOutput, SqlParameter } from '@aws-sdk/client-rds-data';
import * as z from 'zod';
import { DataApiError, toDataApiError } from '../../bin/local/data-api/errors.ts';
import { statementRequest } from '../../bin/local/data-api/requests.ts';
import type { Sessions } from '../../bin/local/data-api/sessions.ts';
import type { AgentDatabase } from '../../functions/database/agent-database.ts';
import { connectDataApi, type DataApiClient } from '../../functions/database/data-api.ts';
import * as statements from '../../functions/database/sql.generated.ts';
import { dataApiPatience } from '../../functions/settings/data-api.ts';
import { defaults } from '../../functions/settings/settings.ts';
import { isOfCustomer } from './habit.ts';
import type { Process } from './process.ts';
import { Violation, type World } from './world.ts';

export const { timeZone } = defaults;

/** One probe puts aside every row that fails; another is needed only where rows fail beside each other. */
const mostFailures = 2;
/** Of a statement that fails again within this, the failures are counted together: it is tried again at the next turn. */
const sameTryMs = 10_000;

/** As the SDK does by itself after a broken connection or a server error. */
const sdkAttempts = 3;
const repeatedBySdk: ReadonlySet<string> = new Set(['InternalServerErrorException', 'ServiceUnavailableError']);

const namesByText: ReadonlyMap<string, string> = new Map(
  Object.values(statements).map(({ name, text }) => [text, name]),
);

/** A committed statement of the agent, and its answer. */
export interface KeptStatement {
  readonly name: string;
  /** Empty if it has none. */
  readonly batchId: string;
  /** Its first column, if it is text. */
  readonly outcome: string | undefined;
}

export interface SimulatedDatabaseOptions {
  readonly world: World;
  readonly sessions: Sessions;
  /** Looks at the tables after a statement of the agent was committed. */
  readonly onStatement: (statement: KeptStatement, process: Process) => Promise<void>;
  /** Whether a statement fails because the agent has no right to it at the moment. */
  readonly isDenied: (message: string) => boolean;
}

/** The Data API, with its failures: real statements on a real PostgreSQL, at simulated times. */
export class SimulatedDatabase {
  readonly #options: SimulatedDatabaseOptions;
  /** Statements that come earlier wait until then. */
  #stalledUntil = 0;
  /** How often in a row each statement failed because of the customer, each time after another probe of it. */
  readonly #failures = new Map<string, { count: number; probes: number; at: number }>();
  readonly #probes = new Map<string, number>();

  constructor(options: SimulatedDatabaseOptions) {
    this.#options = options;
  }

  /** A process's access to it, through the agent's own client. */
  connect(process: Process): AgentDatabase {
    const client: DataApiClient = { send: (command) => this.#send(process, command) };
    const queries = connectDataApi({
      clusterArn: 'arn:cluster',
      secretArn: 'arn:secret',
      database: 'omni',
      client,
      sleep: (ms) => process.sleep(ms),
    });
    // The time is filled in where the statement runs: the database's clock is the only clock.
    return { queries, timeZone, now: () => null };
  }

  async #send(process: Process, command: ExecuteStatementCommand): Promise<ExecuteStatementCommandOutput> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(process, command);
      } catch (error) {
        const isRepeated = error instanceof Error && repeatedBySdk.has(error.name);
        if (!isRepeated || attempt === sdkAttempts) throw error;
        await process.sleep(100 * attempt);
      }
    }
  }

  async #attempt(process: Process, command: ExecuteStatementCommand): Promise<ExecuteStatementCommandOutput> {
    const { world } = this.#options;
    const { faults, random } = world;
    const name = namesByText.get(command.input.sql ?? '') ?? 'unknown';
    // In the slots of the calls: then they all come late, and at once.
    const isAtSlot = name === 'sealBatch' && faults.strikes('sealsStall');
    if (isAtSlot || faults.strikes('databaseStalls')) this.#stalledUntil = world.now + random.between(500, 10_000);
    const stallMs = Math.max(0, this.#stalledUntil - world.now);
    const thereMs = stallMs + (faults.strikes('statementSlow') ? random.between(500, 40_000) : random.between(1, 8));
    // The client's own timeout ends the wait for a lost answer.
    const lost = faults.strikes('statementAnswerLost');
    const backMs = lost ? dataApiPatience.answerMs : random.between(1, 8);
    const answer = await process.call({ thereMs, backMs }, async () => {
      if (faults.strikes('statementResuming')) throw new DataApiError('DatabaseResumingException', 'resuming');
      if (faults.strikes('statementErrorBefore')) throw this.#randomError();
      const result = await this.#execute(name, command);
      world.tell(`${process.name} ${name}`);
      const batchId = batchIdOf(command.input);
      const outcome = result.records?.[0]?.[0]?.stringValue;
      await this.#options.onStatement({ name, batchId, outcome }, process);
      if (faults.strikes('statementErrorAfter')) throw this.#randomError();
      return result;
    });
    if (lost) throw new DataApiError('ServiceUnavailableError', 'no answer within 50 s');
    return answer;
  }

  async #execute(name: string, { input }: ExecuteStatementCommand): Promise<ExecuteStatementCommandOutput> {
    const { sessions, world } = this.#options;
    const now = new Date(world.now).toISOString();
    const parameters = input.parameters?.map((one) => atTime(one, now));
    const what = `${name} ${batchIdOf(input)}`.trim();
    try {
      const answer = await sessions.execute(statementRequest.parse({ ...input, parameters }));
      this.#failures.delete(what);
      const probed = name === 'setAsideFailing' ? probedBy(input) : undefined;
      if (probed !== undefined) this.#probes.set(probed, this.#probesOf(probed) + 1);
      return { ...answer, $metadata: {} };
    } catch (error) {
      const told = toDataApiError(error);
      if (this.#options.isDenied(told.message)) {
        world.tell(`${what} is denied`);
        throw told;
      }
      // One session at a time: nothing can be locked, so whatever fails here, other than by the customer, fails for ever.
      if (!isOfCustomer(told.message)) world.fail(new Violation('SQL', `${name} failed: ${told.message}`));
      world.tell(`${what} failed: ${told.message}`);
      this.#noteFailure(what, told);
      throw told;
    }
  }

  #noteFailure(what: string, { message }: Error): void {
    const { world } = this.#options;
    const last = this.#failures.get(what);
    // The process that looked for the row may have died: what fails later is another try, of other rows too.
    const { count, probes } = last !== undefined && world.now - last.at < sameTryMs ? last : { count: 0, probes: -1 };
    if (probes === this.#probesOf(what)) return;
    this.#failures.set(what, { count: count + 1, probes: this.#probesOf(what), at: world.now });
    if (count >= mostFailures)
      this.#options.world.fail(new Violation('I10', `${what} failed ${count + 1} times in a row: ${message}`));
  }

  #probesOf(what: string): number {
    return this.#probes.get(what) ?? 0;
  }

  #randomError(): DataApiError {
    const { random } = this.#options.world;
    const names = [
      'InternalServerErrorException',
      'DatabaseUnavailableException',
      'StatementTimeoutException',
    ] as const;
    return new DataApiError(random.pick(names), 'simulated');
  }
}

function batchIdOf({ parameters }: ExecuteStatementCommand['input']): string {
  return parameters?.find((one) => one.name === 'batchId')?.value?.stringValue ?? '';
}

/** The statement that a probe tries, as its failures are noted. */
function probedBy({ parameters }: ExecuteStatementCommand['input']): string {
  const textOf = (name: string) => parameters?.find((one) => one.name === name)?.value?.stringValue ?? '';
  const { batchId = '' } = z.looseObject({ batchId: z.string().optional() }).parse(JSON.parse(textOf('parameters')));
  return `${namesByText.get(textOf('statement'))} ${batchId}`.trim();
}

/** Fills in the time, also in the parameters of a statement that a probe is to try. */
function atTime(one: SqlParameter, now: string): SqlParameter {
  if (one.name === 'now') return { name: 'now', value: { stringValue: now } };
  if (one.name !== 'parameters') return one;
  const tried = z.record(z.string(), z.unknown()).parse(JSON.parse(one.value?.stringValue ?? ''));
  return { name: 'parameters', value: { stringValue: JSON.stringify({ ...tried, now }) } };
}
