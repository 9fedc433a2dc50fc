/**
 * What is wrong with an installation, or not. `stops`: nothing is sent until somebody does something about it. `skipped`: there
 * is nothing of the kind to look at.
 */
export interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'warning' | 'stops' | 'skipped';
  readonly found: string;
  /** Empty if nothing is to be done. */
  readonly whatToDo: string;
}

export const stops = (findings: readonly Finding[]) => findings.some(({ outcome }) => outcome === 'stops');

export type Verdict = Omit<Finding, 'check'>;

export const ok = (found: string): Verdict => ({ outcome: 'ok', found, whatToDo: '' });

/** A look at something; or why there is nothing to look at; or what the operator must say first. */
export type Look<T> = (() => Promise<T>) | { readonly skipped: string } | { readonly unsaid: string };

export interface Errors {
  /** In one line, without secrets. */
  explain(error: unknown): string;
  /** Whether AWS keeps it from the operator: that says nothing about the installation. */
  isDenied(error: unknown): boolean;
}

export interface LookOptions<T> {
  readonly judge: (facts: T) => readonly Verdict[];
  /** The actions that the operator must be allowed. */
  readonly needs: string;
  /** What to do if the look fails, where the agent itself fails then. Elsewhere a failure says nothing about the installation. */
  readonly atFailure?: string;
  readonly errors: Errors;
}

export async function look<T>(check: string, port: Look<T>, options: LookOptions<T>): Promise<Finding[]> {
  const { judge, needs, atFailure, errors } = options;
  if ('skipped' in port) return [{ check, outcome: 'skipped', found: port.skipped, whatToDo: '' }];
  if ('unsaid' in port) return [{ check, outcome: 'warning', found: 'not checked', whatToDo: port.unsaid }];
  try {
    const facts = await port();
    return judge(facts).map((verdict) => ({ check, ...verdict }));
  } catch (error) {
    const found = errors.explain(error);
    if (atFailure !== undefined && !errors.isDenied(error))
      return [{ check, outcome: 'stops', found, whatToDo: atFailure }];
    const whatToDo = `see whether your credentials allow ${needs}`;
    return [{ check, outcome: 'warning', found: `not checked: ${found}`, whatToDo }];
  }
}
