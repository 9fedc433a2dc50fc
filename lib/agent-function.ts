import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  type FunctionProps,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type * as z from 'zod';
import { memoryMb } from '../functions/settings/memory.ts';
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

/**
 * A record of the SEND QUEUE carries the trace from one to the other. The others hand nothing on: a trace of each of their firings
 * would be billed, and say what their log says.
 */
const traced: readonly Part[] = ['collector', 'sender'];

/** A function of the agent with the house's defaults; the caller's win over them. */
export class AgentFunction<Schema extends z.ZodType> extends LambdaFunction {
  readonly program: Part;

  constructor(scope: Construct, id: string, { program, environment, ...props }: AgentFunctionProps<Schema>) {
    const logGroup = new LogGroup(scope, `${id}Log`, { retention: RetentionDays.ONE_MONTH });
    super(scope, id, {
      role: executionRole(scope, `${id}Role`, { logGroup, isInVpc: props.vpc !== undefined }),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(bundleOf(program)),
      memorySize: memoryMb[program],
      timeout: Duration.seconds(timing.loopTimeoutSeconds),
      // A firing that failed is followed by the next within a minute: repeating it would stack loops up.
      retryAttempts: 0,
      maxEventAge: Duration.seconds(timing.firingSeconds),
      logGroup,
      tracing: traced.includes(program) ? Tracing.ACTIVE : Tracing.DISABLED,
      description: `${Stack.of(scope).stackName}: ${program}`,
      environment: { ...environment, ...nodeEnvironment },
      ...props,
    });
    this.program = program;
    new CfnOutput(Stack.of(scope), `${id}LogGroup`, {
      value: logGroup.logGroupName,
      description: `The log of ${program}`,
    });
  }
}

/** All of a stack, so far. */
export function functionsOf(stack: Stack): AgentFunction<z.ZodType>[] {
  return stack.node.findAll().filter((one) => one instanceof AgentFunction);
}

interface ExecutionProps {
  readonly logGroup: ILogGroup;
  readonly isInVpc: boolean;
}

/** What the managed policies allow, but the log in its own group alone, and the network in this account and region. */
function executionRole(scope: Construct, id: string, { logGroup, isInVpc }: ExecutionProps): Role {
  const role = new Role(scope, id, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  if (!isInVpc) return role;
  // These list, so they know no resource.
  const listing = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'];
  role.addToPolicy(new PolicyStatement({ actions: listing, resources: ['*'] }));
  const names = ['CreateNetworkInterface', 'DeleteNetworkInterface'];
  const ofAddresses = ['AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses'];
  role.addToPolicy(
    new PolicyStatement({
      actions: [...names, ...ofAddresses].map((name) => `ec2:${name}`),
      // Lambda asks for all kinds of resources that an interface is made of.
      resources: [Stack.of(scope).formatArn({ service: 'ec2', resource: '*', resourceName: '*' })],
    }),
  );
  return role;
}
