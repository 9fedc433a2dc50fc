import * as z from 'zod';
import { aboutSettings } from './about-settings.ts';
import { parts } from './part.ts';
import { placeSettings } from './place-settings.ts';
import { gatewayUrl, matching, oneOf, timeZone, url, wholeNumber } from './schemas.ts';
import { sizes } from './sizes.ts';

/**
 * The settings of an agent, each once: properties of the construct, values under `omniAgent` in the context of the CDK app,
 * and, without their defaults, variables of the parts' environments. Names are ours, defaults those of the original agent.
 */
export const agentSettings = z.strictObject({
  profile: oneOf(['aws', 'local']).default('aws').register(aboutSettings, {
    meaning: 'Where the agent is deployed: local is an emulator of AWS, with a PostgreSQL in place of Aurora.',
  }),
  installation: matching(
    /^(?!.*-(data|schema|receiver)$)[a-z][a-z0-9-]{0,31}$/,
    '1 to 32 lower-case letters, digits or hyphens, a letter first, and no -data, -schema or -receiver at the end',
  )
    .default('omni-agent')
    .register(aboutSettings, {
      meaning:
        'The name of this agent among those of its account and region: of its stacks, metrics, alarms and secrets.',
      readBy: parts,
    }),
  messagesPerSecond: wholeNumber(0, 100_000)
    .default(400)
    .register(aboutSettings, {
      meaning: 'Most messages sent in a second, over all senders; 0 is no limit.',
      original: 'send.tps',
      unit: 'messages/s',
      readBy: ['collector', 'sender'],
    }),
  sessions: wholeNumber(6, 40).default(10).register(aboutSettings, {
    meaning: 'Senders at work at the same time, over the three lanes.',
    original: 'send.session.cnt',
    unit: 'senders',
  }),
  sendQueueLimit: wholeNumber(sizes.batch, 1_000_000)
    .default(3_000)
    .register(aboutSettings, {
      meaning: 'Most messages of one lane that are claimed and not yet sent.',
      original: 'send.que.cnt',
      unit: 'messages',
      readBy: ['collector'],
    }),
  defaultValiditySeconds: wholeNumber(1, 31_536_000)
    .default(86_400)
    .register(aboutSettings, {
      meaning: 'How long after its request_date a row without a ttl may still be sent.',
      original: 'collect.ttl',
      unit: 's',
      readBy: ['collector', 'sender', 'omni-agent'],
    }),
  collectIntervalMs: wholeNumber(100, 60_000)
    .default(2_000)
    .register(aboutSettings, {
      meaning: 'How often the Collector looks for due rows while there are none.',
      original: 'collect.sleep.interval',
      unit: 'ms',
      readBy: ['collector'],
    }),
  mergeIntervalMs: wholeNumber(100, 60_000)
    .default(2_000)
    .register(aboutSettings, {
      meaning: 'How often the ReportMigrator looks for reports while there are none.',
      unit: 'ms',
      readBy: ['report-migrator'],
    }),
  archiveIntervalMs: wholeNumber(100, 60_000)
    .default(10_000)
    .register(aboutSettings, {
      meaning: 'How often the LogMigrator looks for finished rows while there are none.',
      unit: 'ms',
      readBy: ['log-migrator'],
    }),
  banCheckMinutes: wholeNumber(1, 60).default(1).register(aboutSettings, {
    meaning: 'How often the ban list is checked: the longest until a banned text counts.',
    original: 'banCheck.interval',
    unit: 'min',
  }),
  loopSeconds: wholeNumber(1, 65)
    .default(65)
    .register(aboutSettings, {
      meaning: 'How long one firing of a schedule keeps looking; above 60, the next one begins before it ends.',
      unit: 's',
      readBy: ['collector', 'report-migrator', 'log-migrator'],
    }),
  timeZone: timeZone()
    .default('Asia/Seoul')
    .register(aboutSettings, {
      meaning: 'The zone of every timestamp column.',
      readBy: [...parts, 'omni-agent'],
    }),
  gatewayUrl: gatewayUrl().register(aboutSettings, {
    meaning: 'Where the gateway answers.',
    readBy: ['sender', 'report-receiver'],
  }),
  receiverImage: matching(
    /^[^\s@]+@sha256:[0-9a-f]{64}$/,
    'an image that ends in @sha256: and a digest of 64 characters',
  )
    .optional()
    .register(aboutSettings, {
      meaning: "A published image of the receiver; without it the deploying machine's Docker builds one.",
    }),
  databaseName: matching(/^[a-z][a-z0-9_]{0,53}$/, 'a lower-case name of at most 54 characters')
    .default('omni')
    .register(aboutSettings, {
      meaning: 'The name of the database; its roles are named after it.',
      readBy: parts,
    }),
  manageSchema: oneOf(['auto', 'script'])
    .default('auto')
    .register(aboutSettings, {
      meaning:
        'Who changes the database: the agent (auto), or a person who runs what omni-agent schema prints (script).',
      readBy: ['schema-migrator', 'table-create-scheduler'],
    }),
  ...placeSettings,
  dataApiUrl: url().optional().register(aboutSettings, {
    meaning: "With profile local: where the project's Data API server answers.",
  }),
  plaintextGatewayHost: matching(/^[A-Za-z0-9._-]+$/, 'the name or the IPv4 address of a host')
    .optional()
    .register(aboutSettings, {
      meaning: 'With profile local: the one host other than this machine where the gateway may be reached without TLS.',
      readBy: ['sender', 'report-receiver'],
    }),
});

/** What a setting takes, without its default or the leave to say nothing. */
export function schemaOf(setting: (typeof agentSettings.shape)[keyof typeof agentSettings.shape]) {
  return 'unwrap' in setting ? setting.unwrap() : setting;
}

/** What holds where a person says nothing. */
export const defaults = agentSettings.omit({ gatewayUrl: true }).parse({});
