import { describe, expect, it } from 'vitest';
import type { OmniAgentProps } from '../../lib/omni-agent-props.ts';
import { type Resource, resourcesOf, synthesizeAgent } from '../support/stacks.ts';

const local: Partial<OmniAgentProps> = {
  profile: 'local',
  dataApiUrl: 'http://127.0.0.1:4000',
  databaseClusterArn: 'arn:aws:rds:ap-northeast-2:000000000000:cluster:local',
  masterSecretArn: 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:local-abcdef',
  plaintextGatewayHost: 'host.docker.internal',
};

function synthesize(settings: Partial<OmniAgentProps>) {
  const templates = Object.entries(synthesizeAgent(settings));
  return Object.fromEntries(templates.map(([name, template]) => [name, resourcesOf(template)]));
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

  it('differ by the receiver’s stack, and by what the data stack holds beside secrets and files', () => {
    expect(Object.keys(aws)).toEqual(['omni-agent-data', 'omni-agent-schema', 'omni-agent', 'omni-agent-receiver']);
    expect(Object.keys(emulator)).toEqual(['omni-agent-data', 'omni-agent-schema', 'omni-agent']);
    const typesOf = (stack: string, resources: typeof aws) =>
      Object.values(resources[stack] ?? {}).map(({ Type }) => Type);
    expect(typesOf('omni-agent-data', emulator)).toEqual([
      ...Array(5).fill('AWS::SecretsManager::Secret'),
      'AWS::S3::Bucket',
    ]);
    expect(typesOf('omni-agent-data', aws)).toEqual(
      expect.arrayContaining(['AWS::EC2::VPC', 'AWS::EC2::NatGateway', 'AWS::EC2::EIP', 'AWS::RDS::DBCluster']),
    );
  });

  it('have the same resources in the agent’s stack, but for the security groups of who calls the gateway, and alarms', () => {
    const missing = Object.entries(aws['omni-agent'] ?? {}).filter(([id]) => !(id in (emulator['omni-agent'] ?? {})));
    const types = missing.map(([, { Type }]) => Type).filter((type) => !type.startsWith('AWS::CloudWatch::'));
    expect(types).toEqual(Array(5).fill('AWS::EC2::SecurityGroup'));
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

  it('grant the same actions, and who calls the gateway alone may use a network in addition', () => {
    for (const [id, resource] of Object.entries(emulator['omni-agent'] ?? {})) {
      if (resource.Type !== 'AWS::IAM::Policy') continue;
      const more = actionsOf(aws['omni-agent']?.[id]).filter((one) => !actionsOf(resource).includes(one));
      expect(new Set(more.map((one) => one.split(':')[0])), id).toEqual(
        new Set(/Sender|GatewayProbe|TokenScheduler|TranCleanerScheduler|FileUploadScheduler/.test(id) ? ['ec2'] : []),
      );
      expect(actionsOf(aws['omni-agent']?.[id])).toEqual(expect.arrayContaining(actionsOf(resource)));
    }
  });
});

function actionsOf(resource: Resource | undefined): string[] {
  const text = JSON.stringify(resource?.Properties['PolicyDocument'] ?? null);
  return [...text.matchAll(/"([a-z0-9-]+:[A-Z]\w+)"/g)].map(([, action = '']) => action);
}
