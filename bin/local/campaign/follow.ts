import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';

/** How many rows of a campaign are in each state. */
export interface Progress {
  readonly waiting: number;
  readonly sent: number;
  readonly reported: number;
  readonly archived: number;
}

/** Counts rows from the campaign's first key on: keys come from the sequence, so older campaigns are left out. */
export async function readProgress(pool: Pool, firstKey: string): Promise<Progress> {
  const { rows } = await pool.query<Progress>(
    `select count(*) filter (where msg_status = '1')::int as waiting, count(*) filter (where msg_status = '2')::int as sent,
            count(*) filter (where msg_status = '3')::int as reported,
            (select count(*)::int from msg_log where client_key >= $1 and etc_text_1 like 'demo %') as archived
     from msg_tran where client_key >= $1 and etc_text_1 like 'demo %'`,
    [firstKey],
  );
  return rows[0] ?? { waiting: 0, sent: 0, reported: 0, archived: 0 };
}

export interface Follow {
  readonly firstKey: string;
  readonly messages: number;
  /** Gives up after this long: what is not archived by then counts as lost. */
  readonly limitSeconds: number;
  readonly show: (progress: Progress, elapsedSeconds: number) => void;
  readonly signal: AbortSignal;
}

/** Polls the tables until every row is archived or time is up. */
export async function followCampaign(pool: Pool, follow: Follow): Promise<void> {
  const startMs = performance.now();
  while (!follow.signal.aborted) {
    const progress = await readProgress(pool, follow.firstKey);
    const elapsedSeconds = (performance.now() - startMs) / 1000;
    follow.show(progress, elapsedSeconds);
    if (progress.archived >= follow.messages || elapsedSeconds > follow.limitSeconds) return;
    await sleep(250, undefined, { signal: follow.signal }).catch(() => undefined);
  }
}

/** On a terminal, redraws one line; elsewhere, prints a line when a count has changed, at most once a second. */
export function progressPrinter(stream: NodeJS.WriteStream, messages: number): Follow['show'] {
  let lastText = '';
  let lastSecond = -1;
  return ({ waiting, sent, reported, archived }, elapsedSeconds) => {
    const counts = `waiting ${waiting}  sent ${sent}  reported ${reported}  archived ${archived}`;
    const done = archived >= messages;
    if (stream.isTTY) {
      const filled = Math.floor((archived / messages) * 30);
      const bar = `${'█'.repeat(filled)}${'░'.repeat(30 - filled)}`;
      stream.write(`\r\x1b[K${bar} ${elapsedSeconds.toFixed(0).padStart(3)} s  ${counts}${done ? '\n' : ''}`);
    } else if (counts !== lastText && (done || Math.floor(elapsedSeconds) > lastSecond)) {
      lastText = counts;
      lastSecond = Math.floor(elapsedSeconds);
      stream.write(`${elapsedSeconds.toFixed(0).padStart(4)} s  ${counts}\n`);
    }
  };
}
