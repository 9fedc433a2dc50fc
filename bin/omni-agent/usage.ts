import { statisticsColumns } from '../../functions/operation/statistics.ts';
import { defaults } from '../../functions/settings/settings.ts';

export const usage = `Usage:
  omni-agent status [--json]    how many messages are where, rows put aside, the report stream, the zones
  omni-agent doubt [--json]     batches that may have been sent, why, what settles them
  omni-agent stats [--from DAY] [--to DAY] [--by COLUMN,...] [--json]
                                how many messages of the log, of the last seven days or of others (yyyy-mm-dd), added
                                up by day,channel or by some of ${statisticsColumns.join(',')}
  omni-agent stats --compare [--from DAY] [--to DAY] [--json]
                                where these statistics do not equal the log
  omni-agent stats --rebuild [--from DAY] [--to DAY] [--json]
                                makes them equal
  omni-agent dlq list [--json]  how many records lie in the dead-letter queues, what became of their batches
  omni-agent dlq show [--json]  each of them
  omni-agent dlq redrive [--yes] [--json]
                                what a redrive would do with each; with --yes it does it
  omni-agent doctor [--json]    what is wrong with the installation, what to do; exit code 1 if sending stops
  omni-agent schema [--database NAME]
                                the statements that create or update the database, for psql
Only stats --rebuild and dlq redrive --yes change anything; docs/runbook.md and docs/statistics.md say how to read them.
Which agent:
  --local                       the one on this machine, as npm run local or npm start runs it
  --data DIR                    the same, if there are several: the one with its data in DIR
  --installation NAME           the deployed one of this name, as its stacks describe it
A deployed one is reached with your AWS credentials and AWS_REGION. Without --installation, in the environment:
  DATABASE_CLUSTER_ARN, DATABASE_SECRET_ARN, DATABASE_NAME
                                as its functions have them
  QUEUE_URL_VERYFAST, QUEUE_URL_FAST, QUEUE_URL_SLOW
                                as its collector has them, for dlq and doctor
  GATEWAY_SECRET_ARN            as its sender has it, for doctor
  TIME_ZONE                     the agent's setting timeZone (default ${defaults.timeZone})
  DEFAULT_VALIDITY_SECONDS      the agent's setting of that name (default ${defaults.defaultValiditySeconds})`;
