import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { tokenSchedulerEnvironment } from '../functions/aws/env.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import { notDone } from './function-alarms.ts';
import { type CallerSecrets, callerEnvironment, grantCalling } from './gateway-access.ts';
import { type AgentNetwork, callerPlace } from './network.ts';
import { schedule } from './schedule.ts';

interface AuthenticationProps {
  readonly config: AgentConfig;
  readonly secrets: CallerSecrets;
  /** None with profile local. */
  readonly network: AgentNetwork | undefined;
}

/** The TokenScheduler: keeps the token fresh that all who call the gateway share. */
export class Authentication extends Construct {
  constructor(scope: Construct, id: string, { config, secrets, network }: AuthenticationProps) {
    super(scope, id);
    const scheduler = new AgentFunction<typeof tokenSchedulerEnvironment>(this, 'TokenScheduler', {
      program: 'token-scheduler',
      timeout: Duration.seconds(timing.singleTimeoutSeconds),
      ...(network && callerPlace(this, network, config)),
      environment: {
        INSTALLATION: config.installation,
        ...callerEnvironment(config, secrets),
      },
    });
    grantCalling(scheduler, secrets);
    const interval = Duration.hours(1);
    schedule(this, scheduler, { every: interval });
    notDone(this, 'TokenNotChecked', {
      scheduled: scheduler,
      name: 'Authentication/TokenNotChecked',
      description: 'For three hours nobody has checked whether the token that all parts share still lasts.',
      interval,
      intervals: timing.tokenRefreshSeconds / interval.toSeconds(),
    });
  }
}
