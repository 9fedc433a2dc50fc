import { DataApiError, type DataApiErrorName } from './errors.ts';

/** A failure that a test injects. */
export interface Fault {
  /** The statement to fail; without it, any call fails. */
  readonly statement?: { readonly text: string };
  /** `before`: the call does nothing. `after`: the call takes effect, and only its answer is lost. */
  readonly when: 'before' | 'after';
  /** What the client gets; `reset` breaks its connection, after which the SDK retries on its own. */
  readonly error: DataApiErrorName | 'reset';
  /** How many calls fail; 1 if not given. */
  readonly times?: number;
}

/** The connection breaks without an answer. */
export class ConnectionReset extends Error {
  override readonly name = 'ConnectionReset';
}

/** The faults still to be injected, in the order in which tests asked for them. */
export class Faults {
  readonly #pending: { fault: Fault; left: number }[] = [];

  failNext(fault: Fault): void {
    this.#pending.push({ fault, left: fault.times ?? 1 });
  }

  /** Runs a call, and fails it if a fault is meant for it. */
  async around<T>(sql: string | undefined, work: () => Promise<T>): Promise<T> {
    this.#fail('before', sql);
    const answer = await work();
    this.#fail('after', sql);
    return answer;
  }

  #fail(when: Fault['when'], sql: string | undefined): void {
    const index = this.#pending.findIndex(
      ({ fault }) => fault.when === when && (fault.statement === undefined || fault.statement.text === sql),
    );
    const found = this.#pending[index];
    if (found === undefined) return;
    found.left -= 1;
    if (found.left <= 0) this.#pending.splice(index, 1);
    const { error } = found.fault;
    throw error === 'reset' ? new ConnectionReset() : new DataApiError(error, `Injected fault (${when})`);
  }
}
