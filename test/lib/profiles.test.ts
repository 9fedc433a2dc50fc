import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { addStacks } from '../../lib/agent-app.ts';
import { readConfig } from '../../lib/agent-config.ts';

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
}

const local = {
  profile: 'local',
  dataApiUrl: 'http://127.0.0.1:4000',
  databaseClusterArn: 'arn:aws:rds:ap-northeast-2:000000000000:cluster:local',
  databaseSecretArn: 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:local-abcdef',
  plaintextGatewayHost: 'host.docker.internal',
};

function synthesize(settings: Record<string, string>) {
  const app = new App();
  addStacks(app, readConfig({ gatewayUrl: 'grpcs://gateway.example.com:443', ...settings }));
  const stacks = app.node.children.filter((child): child is Stack => 'templateFile' in child);
  return Object.fromEntries(
    stacks.map((stack) => [
      stack.stackName,
      Template.fromStack(stack).toJSON()['Resources'] as Record<string, Resource>,
    ]),
  );
}

/** The only variables that may differ between the profiles. */
const variables = [
  'AWS_ENDPOINT_URL_RDS_DATA',
  'DATABASE_CLUSTER_ARN',
  'DATABASE_SECRET_ARN',
  'PLAINTEXT_GATEWAY_HOST',
];

/** A resource without what only AWS has: the network, and the names of the database. */
function withoutSurroundings(resource: Resource): unknown {
  const { VpcConfig: _, ...properties } = structuredClone(resource.Properties);
  const environment = properties['Environment'] as { Variables: Record<string, unknown> } | undefined;
  for (const name of variables) delete environment?.Variables[name];
  return { Type: resource.Type, Properties: properties };
}

describe('the profiles aws and local', () => {
  const [aws, emulator] = [synthesize({}), synthesize(local)];

  it('differ by the receiver’s stack, and by what the data stack holds beside the gateway’s secret', () => {
    expect(Object.keys(aws)).toEqual(['omni-agent-data', 'omni-agent', 'omni-agent-receiver']);
    expect(Object.keys(emulator)).toEqual(['omni-agent-data', 'omni-agent']);
    const typesOf = (stack: string, resources: typeof aws) =>
      Object.values(resources[stack] ?? {}).map(({ Type }) => Type);
    expect(typesOf('omni-agent-data', emulator)).toEqual(['AWS::SecretsManager::Secret']);
    expect(typesOf('omni-agent-data', aws)).toEqual(
      expect.arrayContaining(['AWS::EC2::VPC', 'AWS::EC2::NatGateway', 'AWS::EC2::EIP', 'AWS::RDS::DBCluster']),
    );
  });

  it('have the same resources in the agent’s stack, but for the sender’s security group', () => {
    const missing = Object.entries(aws['omni-agent'] ?? {}).filter(([id]) => !(id in (emulator['omni-agent'] ?? {})));
    expect(missing.map(([, { Type }]) => Type)).toEqual(['AWS::EC2::SecurityGroup']);
    expect(Object.keys(emulator['omni-agent'] ?? {}).filter((id) => !(id in (aws['omni-agent'] ?? {})))).toEqual([]);
  });

  it('give each of them the same properties, but for four variables, the network, and the names in grants', () => {
    for (const [id, resource] of Object.entries(emulator['omni-agent'] ?? {})) {
      const other = aws['omni-agent']?.[id];
      if (other === undefined) throw new Error(`no ${id} in profile aws`);
      if (resource.Type === 'AWS::IAM::Policy') continue;
      if (resource.Type === 'AWS::IAM::Role') continue;
      expect(withoutSurroundings(resource), id).toEqual(withoutSurroundings(other));
    }
  });

  it('grant the same actions, and the sender alone may use a network in addition', () => {
    const actionsOf = (resource: Resource | undefined) =>
      JSON.stringify(resource?.Properties['PolicyDocument'] ?? null, (key, value) =>
        key === 'Resource' ? undefined : value,
      );
    for (const [id, resource] of Object.entries(emulator['omni-agent'] ?? {})) {
      if (resource.Type === 'AWS::IAM::Policy')
        expect(actionsOf(resource), id).toBe(actionsOf(aws['omni-agent']?.[id]));
    }
    const managed = (stacks: typeof aws, id: RegExp) =>
      Object.entries(stacks['omni-agent'] ?? {})
        .filter(([name, { Type }]) => Type === 'AWS::IAM::Role' && id.test(name))
        .map(([, { Properties }]) => JSON.stringify(Properties['ManagedPolicyArns']));
    expect(managed(emulator, /Sender/).join()).not.toContain('AWSLambdaVPCAccessExecutionRole');
    expect(managed(aws, /Sender/).join()).toContain('AWSLambdaVPCAccessExecutionRole');
    expect(managed(emulator, /Collector|Migrator|Scheduler/)).toEqual(managed(aws, /Collector|Migrator|Scheduler/));
  });
});
