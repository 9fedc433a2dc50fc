import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulate/random.ts';
import type { Scene } from './scene.ts';

/** Something that goes wrong; resolves when it is over, which is not yet when everything has recovered. */
export interface ChaosFault {
  readonly name: string;
  run(scene: Scene, random: Random): Promise<void>;
}

/** SIGKILL of a process of this name in the middle of something; waits a while for one that is. */
function killOf(name: string, part: string): ChaosFault {
  return {
    name: `${name} killed`,
    async run(scene) {
      for (let tries = 0; tries < 200; tries++) {
        const [found] = scene.find(part);
        if (found?.isBusy) {
          scene.kill(found);
          return;
        }
        await sleep(20);
      }
    },
  };
}

const everythingKilled: ChaosFault = {
  name: 'everything killed',
  async run(scene) {
    for (const one of scene.agent.processes()) scene.kill(one);
    await scene.stop();
    await scene.start();
  },
};

const agentStopped: ChaosFault = {
  name: 'agent stopped at peak',
  async run(scene) {
    await scene.stop();
    await scene.start();
  },
};

const receiverStopped: ChaosFault = {
  name: 'receiver stopped at peak',
  async run(scene) {
    const [receiver] = scene.find('receiver');
    if (receiver !== undefined) process.kill(receiver.pid, 'SIGTERM');
  },
};

const sessionsTerminated: ChaosFault = {
  name: 'database sessions terminated',
  async run(scene) {
    for (let times = 0; times < 5; times++) {
      await scene.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'data-api'`);
      await sleep(300);
    }
  },
};

const databaseRestarted: ChaosFault = {
  name: 'database restarted',
  run: (scene) => scene.agent.database.restart(),
};

const databaseKilled: ChaosFault = {
  name: 'database killed',
  async run(scene) {
    const [server] = scene.find('database');
    if (server === undefined) return;
    scene.kill(server);
    await scene.agent.database.restart();
  },
};

/** Longer than a call's deadline, so that calls end in doubt. */
const gatewayHalted: ChaosFault = {
  name: 'connection to the gateway half open',
  async run(scene, random) {
    scene.proxy.halt();
    await sleep(random.between(12_000, 20_000));
    scene.proxy.reset();
  },
};

const twoReceivers: ChaosFault = {
  name: 'two receivers',
  async run(scene) {
    const second = scene.agent.engine.startReceiver();
    await sleep(5_000);
    const [holder] = scene.find('receiver');
    if (holder !== undefined) scene.kill(holder);
    await sleep(5_000);
    await second?.stop();
  },
};

/** A row version that somebody still looks at: nothing may wait for it. */
const longTransaction: ChaosFault = {
  name: 'long transaction',
  async run(scene) {
    await scene.usingPool(async (pool) => {
      const session = await pool.connect();
      try {
        await session.query('begin isolation level repeatable read');
        await session.query('select count(*) from msg_tran');
        await sleep(10_000);
        await session.query('rollback');
      } finally {
        session.release();
      }
    });
  },
};

/** Every one is tried in turn, in an order of the seed's, before any comes again. */
export const chaosFaults: readonly ChaosFault[] = [
  killOf('collector', 'Collector'),
  killOf('sender', 'Sender'),
  killOf('report migrator', 'ReportMigrator'),
  killOf('log migrator', 'LogMigrator'),
  killOf('receiver', 'receiver'),
  killOf('queue', 'queue'),
  killOf('simulator', 'simulator'),
  killOf('Data API', 'data-api'),
  databaseKilled,
  everythingKilled,
  agentStopped,
  receiverStopped,
  sessionsTerminated,
  databaseRestarted,
  gatewayHalted,
  twoReceivers,
  longTransaction,
];
