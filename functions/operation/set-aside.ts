/** What it means for the message that a step cannot write its row. */
const meanings = {
  claim: 'waits unsent: it cannot be claimed',
  seal: 'waits unsent: it cannot leave its batch',
  split: 'waits unsent: the gateway refused its batch as a whole, and it cannot be moved to the other half',
  settle: "was sent: the gateway's answer cannot be written",
  merge: 'has a report that cannot be written',
  late: 'is in the log, and has a late report that cannot be written there',
  archive: 'is finished: it cannot be moved to the log',
  expire: 'has waited too long: it cannot be ended, or the gateway does not let itself be asked about it',
} as const;

/** A row that a step could not write. */
export interface SetAsideRow {
  readonly clientKey: string;
  readonly step: keyof typeof meanings;
  /** SQLSTATE and message, in the words of whoever raised it. */
  readonly error: string;
  readonly sinceSeconds: number;
  /** Until the step tries it again; 0 if that is due. */
  readonly nextLookSeconds: number;
  readonly tries: number;
}

export interface SetAside {
  /** Put aside altogether. */
  readonly rowCount: number;
  /** The oldest of them. */
  readonly rows: readonly SetAsideRow[];
}

export interface SetAsideMessages extends Omit<SetAside, 'rows'> {
  readonly rows: readonly (SetAsideRow & { readonly meaning: string })[];
}

/** With what it means for each message, and fit to be shown. */
export function explain({ rowCount, rows }: SetAside): SetAsideMessages {
  const explained = rows.map((row) => ({ ...row, error: withoutNumbers(row.error), meaning: meanings[row.step] }));
  return { rowCount, rows: explained };
}

/** Errors are in the words of customers' triggers, which may name a number. Not the SQLSTATE before them. */
function withoutNumbers(error: string): string {
  const [state = ''] = /^[0-9A-Z]{5} /.exec(error) ?? [];
  return state + error.slice(state.length).replaceAll(/\d(?:[\s().-]?\d){6,}/g, '…');
}
