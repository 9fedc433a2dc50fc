import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { gatewayProbeEnvironment } from '../functions/aws/env.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import { grantReading } from './database.ts';
import { gatewayEnvironment } from './gateway-access.ts';
import { type AgentNetwork, callerPlace } from './network.ts';

interface ProbingProps {
  readonly config: AgentConfig;
  readonly gatewaySecret: ISecret;
  /** None with profile local. */
  readonly network: AgentNetwork | undefined;
}

/** The GatewayProbe: what `omni-agent doctor` asks whether the gateway can be reached from the registered address. */
export class Probing extends Construct {
  constructor(scope: Construct, id: string, { config, gatewaySecret, network }: ProbingProps) {
    super(scope, id);
    const probe = new AgentFunction<typeof gatewayProbeEnvironment>(this, 'GatewayProbe', {
      program: 'gateway-probe',
      timeout: Duration.seconds(timing.senderTimeoutSeconds),
      ...(network && callerPlace(this, network, config)),
      environment: {
        INSTALLATION: config.installation,
        ...gatewayEnvironment(config, gatewaySecret),
      },
    });
    grantReading(probe, gatewaySecret);
    new CfnOutput(Stack.of(this), 'GatewayProbeName', {
      value: probe.functionName,
      description: 'The function by which omni-agent doctor asks for the gateway',
    });
  }
}
