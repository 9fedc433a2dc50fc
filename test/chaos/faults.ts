import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import type { Part, Scene } from './scene.ts';

/** Something that goes wrong; `run` resolves when it is over, which may be before everything has recovered. */
export interface ChaosFault {
  readonly name: string;
  run(scene: Scene, random: Random): Promise<void>;
}

const killOf = (part: Part): ChaosFault => ({ name: `${part} killed`, run: (scene) => scene.kill(part) });

/** It works for a moment once a minute, so it is fired more often meanwhile. */
function killOfBrief(part: Part): ChaosFault {
  return {
    name: `${part} killed`,
    async run(scene) {
      let isOver = false;
      const killed = scene.kill(part).finally(() => {
        isOver = true;
      });
      while (!isOver) {
        scene.agent.engine.fireSchedules();
        await Promise.race([killed, sleep(5_000)]);
      }
      await killed;
    },
  };
}

/** The gateway writes its log, then takes 20 to 80 ms to answer: the sender dies before it gets the answer. */
const senderKilledAfterAccept: ChaosFault = {
  name: 'sender killed after the gateway accepted',
  async run(scene) {
    const size = () => statSync(join(scene.gatewayDir, 'accept.log')).size;
    const before = size();
    await scene.until('the gateway accept a batch', () => (size() > before ? [true] : []));
    await scene.kill('sender');
  },
};

/** It has reports that are not stored, and its statement dies with the Data API: the reports must come again. */
const receiverKilledInStore: ChaosFault = {
  name: 'receiver killed while its store hangs',
  async run(scene) {
    for (const { pid } of scene.find('Data API')) process.kill(pid, 'SIGSTOP');
    // Reports come all the time and are gathered for a second.
    await sleep(3_000);
    await scene.kill('receiver');
    await scene.kill('Data API');
  },
};

const databaseKilled: ChaosFault = {
  name: 'database killed',
  async run(scene) {
    await scene.kill('database');
    await scene.agent.database.restart();
  },
};

const sessionKilled: ChaosFault = {
  name: 'database session killed',
  run: (scene) => scene.killSession(),
};

const sessionsTerminated: ChaosFault = {
  name: 'database sessions terminated',
  async run(scene) {
    for (const end = performance.now() + 3_000; performance.now() < end; await sleep(5)) {
      await scene.administer(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'data-api' and state = 'active'`,
      );
    }
  },
};

const databaseRestarted: ChaosFault = {
  name: 'database restarted',
  run: (scene) => scene.agent.database.restart(),
};

const everythingKilled: ChaosFault = {
  name: 'everything killed',
  async run(scene) {
    await scene.killEverything();
    await scene.stop();
    await scene.start();
  },
};

/** What the runner does on SIGTERM. */
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
    for (const { pid } of scene.find('receiver')) process.kill(pid, 'SIGTERM');
  },
};

/** Longer than a call's deadline, so that calls end in doubt. */
const deadlinePassedMs = [12_000, 18_000] as const;

const gatewayHalted: ChaosFault = {
  name: 'connection to the gateway half open',
  async run({ proxy }, random) {
    proxy.halt();
    await sleep(random.between(...deadlinePassedMs));
    proxy.reset();
  },
};

/** The gateway accepts, but its answers are lost. */
const answersLost: ChaosFault = {
  name: 'answers of the gateway lost',
  async run({ proxy }, random) {
    proxy.halt('fromTarget');
    await sleep(random.between(...deadlinePassedMs));
    proxy.reset();
  },
};

/** Reports are stored and come again, as if the receiver had died in between. */
const acknowledgementsLost: ChaosFault = {
  name: 'acknowledgements lost',
  async run({ proxy }, random) {
    proxy.halt('toTarget');
    await sleep(random.between(3_000, 6_000));
    proxy.reset();
  },
};

/** Calls end around their deadline and reach the gateway late, while other senders get the batch too. */
const gatewaySlow: ChaosFault = {
  name: 'gateway slow while records come twice',
  async run(scene, random) {
    const end = performance.now() + random.between(7_000, 14_000);
    scene.proxy.pause();
    while (performance.now() < end) {
      // The sweep queues every open batch again, even if a sender has it.
      await scene.administer('update send_batch set wake_at = clock_timestamp()');
      await sleep(500);
    }
    scene.proxy.resume();
  },
};

const schedulesFiredTwice: ChaosFault = {
  name: 'schedules fired twice',
  async run(scene) {
    scene.agent.engine.fireSchedules();
    scene.agent.engine.fireSchedules();
  },
};

/** One receiver freezes until another has taken its place, then goes on as if nothing had happened. */
const twoReceivers: ChaosFault = {
  name: 'two receivers',
  async run(scene) {
    const holder = `select holder from receiver_lease where lease_until > clock_timestamp()`;
    const [before] = await scene.until('a receiver that holds the stream', () => scene.administer(holder));
    const frozen = scene.find('receiver');
    for (const { pid } of frozen) process.kill(pid, 'SIGSTOP');
    const second = scene.agent.engine.startReceiver();
    try {
      await scene.until('another receiver', async () =>
        (await scene.administer(holder)).filter((now) => now['holder'] !== before?.['holder']),
      );
    } finally {
      for (const { pid } of frozen) process.kill(pid, 'SIGCONT');
    }
    await sleep(5_000);
    await second?.stop();
  },
};

/** A transaction still sees old versions of all rows: nothing may wait for it. */
const longTransaction: ChaosFault = {
  name: 'long transaction',
  async run(scene) {
    await scene.usingPool(async (pool) => {
      const session = await pool.connect();
      try {
        await session.query('begin isolation level repeatable read');
        await session.query('select count(*) from msg_tran');
        await sleep(20_000);
        await session.query('rollback');
      } finally {
        session.release();
      }
    });
  },
};

export const chaosFaults: readonly ChaosFault[] = [
  ...(['collector', 'sender', 'report migrator', 'receiver'] as const).map(killOf),
  ...(['queue', 'simulator', 'Data API'] as const).map(killOf),
  ...(['log migrator', 'ban list scheduler'] as const).map(killOfBrief),
  senderKilledAfterAccept,
  receiverKilledInStore,
  databaseKilled,
  sessionKilled,
  everythingKilled,
  agentStopped,
  receiverStopped,
  sessionsTerminated,
  databaseRestarted,
  gatewayHalted,
  answersLost,
  acknowledgementsLost,
  gatewaySlow,
  schedulesFiredTwice,
  twoReceivers,
  longTransaction,
];
