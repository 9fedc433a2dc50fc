import { Duration, Stack } from 'aws-cdk-lib';
import { Architecture, Code, type FunctionProps, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type * as z from 'zod';
import type { Part } from '../functions/settings/part.ts';
import { timing } from '../functions/settings/timing.ts';
import { bundleOf, nodeEnvironment } from './bundle.ts';

/** What a part's own schema of its environment wants, as text; what may be missing there may be missing here. */
export type EnvironmentOf<Schema extends z.ZodType> = { [Name in keyof z.input<Schema>]: string };

export interface AgentFunctionProps<Schema extends z.ZodType> extends Partial<Omit<FunctionProps, 'environment'>> {
  readonly program: Part;
  /** Typed by the schema that the function parses it with: one missing or misspelt does not compile. */
  readonly environment: EnvironmentOf<Schema>;
}

/** A function of the agent with the house's defaults; the caller's win over them. */
export class AgentFunction<Schema extends z.ZodType> extends LambdaFunction {
  constructor(scope: Construct, id: string, { program, environment, ...props }: AgentFunctionProps<Schema>) {
    super(scope, id, {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(bundleOf(program)),
      memorySize: 512,
      timeout: Duration.seconds(timing.loopTimeoutSeconds),
      // A firing that failed is followed by the next within a minute: repeating it would stack loops up.
      retryAttempts: 0,
      maxEventAge: Duration.seconds(timing.firingSeconds),
      logGroup: new LogGroup(scope, `${id}Log`, { retention: RetentionDays.ONE_MONTH }),
      description: `${Stack.of(scope).stackName}: ${program}`,
      environment: { ...environment, ...nodeEnvironment },
      ...props,
    });
  }
}
