import type { Queries } from '../../functions/database/agent-database.ts';
import { sendStore } from '../../functions/database/send-store.ts';
import type { SendStore } from '../../functions/pipeline/send/ports.ts';
import { type SimulatedDatabase, timeZone } from './database.ts';
import type { Moment } from './edges.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** How many are kept warm; more are at work at busy times. */
const mostIdle = 4;

interface Parts {
  readonly world: World;
  readonly database: SimulatedDatabase;
  readonly defaultValiditySeconds: number;
}

/** A sender's execution environment: what one invocation has loaded, the next one finds. */
export interface Environment {
  readonly store: SendStore;
  readonly messagesPerSecond: number;
  /** From now on its statements belong to this invocation. */
  begin(process: Process): void;
}

/** The execution environments of the sender: one invocation at a time in each, and lost once one is killed. */
export class Environments {
  readonly #parts: Parts;
  #idle: Environment[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A warm one with these settings, if there is any; now and then a new one all the same. */
  take(messagesPerSecond: number): Environment {
    const { random } = this.#parts.world;
    this.#idle = this.#idle.filter((environment) => environment.messagesPerSecond === messagesPerSecond);
    if (this.#idle.length === 0 || random.chance(0.1)) return this.#start(messagesPerSecond);
    const environment = random.pick(this.#idle);
    this.#idle = this.#idle.filter((other) => other !== environment);
    return environment;
  }

  giveBack(environment: Environment): void {
    if (this.#idle.length < mostIdle) this.#idle.push(environment);
  }

  /** No environment stays warm. */
  clear(): void {
    this.#idle = [];
  }

  #start(messagesPerSecond: number): Environment {
    const { world, database, defaultValiditySeconds } = this.#parts;
    let current: Queries | undefined;
    let isLoaded = false;
    const queries: Queries = {
      query: async (statement, parameters, rowSchema) => {
        if (current === undefined) throw new Error(`${statement.name}: expected an invocation, got none`);
        if (statement.name === 'readBanEntries' && isLoaded)
          world.saw('a sender that is warm loads the texts anew' satisfies Moment);
        isLoaded ||= statement.name === 'readBanEntries';
        return await current.query(statement, parameters, rowSchema);
      },
    };
    const store = sendStore({ queries, timeZone, now: () => null }, { messagesPerSecond, defaultValiditySeconds });
    const begin = (process: Process) => {
      current = database.connect(process).queries;
    };
    return { store, messagesPerSecond, begin };
  }
}
