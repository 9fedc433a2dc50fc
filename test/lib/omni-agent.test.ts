import { App, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type IVpc, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../lib/agent-config.ts';
import { OmniAgent } from '../../lib/omni-agent.ts';
import { required, resourcesOf, synthesizeAgent, templatesOf, typesOf } from '../support/stacks.ts';

/** Names that somebody else may not have in the same account and region, with their types. */
function physicalNames(templates: Readonly<Record<string, Template>>): string[] {
  const naming = /^(Name|.*Name|.*Identifier)$/;
  return Object.entries(templates).flatMap(([stack, template]) => [
    `stack ${stack}`,
    ...Object.values(resourcesOf(template)).flatMap(({ Type, Properties = {} }) =>
      Object.entries(Properties)
        .filter(([name, value]) => naming.test(name) && typeof value === 'string' && !ofOthers.includes(name))
        .map(([name, value]) => `${Type} ${name} ${value}`),
    ),
  ]);
}

/** They name what is meant, not the resource itself, or something within it, as a policy in its role. */
const ofOthers = ['PolicyName', 'MetricName', 'DatabaseName', 'MasterUsername', 'Namespace', 'SourceSecurityGroupName'];

describe('two agents in one app', () => {
  const app = new App();
  new OmniAgent(app, 'One', { ...required });
  new OmniAgent(app, 'Two', { ...required, installation: 'other' });
  const names = physicalNames(templatesOf(app));

  it('share no physical name', () => {
    expect(names).toContain('AWS::SecretsManager::Secret Name omni-agent/gateway');
    expect(names).toContain('AWS::CloudWatch::Alarm AlarmName other/Upkeep/BanListNotChecked');
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});

describe('the stacks of an agent', () => {
  it('export and import nothing, in a customer’s app as well, whatever its flags are', () => {
    const app = new App({ context: { '@aws-cdk/core:defaultCrossStackReferences': 'strong' } });
    const mine = new Stack(app, 'Mine');
    const vpc = new Vpc(mine, 'Vpc') as IVpc;
    const client = new SecurityGroup(mine, 'Client', { vpc });
    new OmniAgent(app, 'OmniAgent', { ...required, vpc, clientSecurityGroups: [client] });
    for (const [name, template] of Object.entries(templatesOf(app))) {
      const text = JSON.stringify(template.toJSON());
      expect(text, name).not.toContain('Fn::ImportValue');
      expect(text, name).not.toContain('"Export"');
    }
  });

  it('use what the app has: its network, and its clients alone reach the database', () => {
    const app = new App();
    const mine = new Stack(app, 'Mine');
    const vpc = new Vpc(mine, 'Vpc') as IVpc;
    const client = new SecurityGroup(mine, 'Client', { vpc });
    new OmniAgent(app, 'OmniAgent', { ...required, vpc, clientSecurityGroups: [client], clientCidrs: ['10.9.0.0/16'] });
    const data = templatesOf(app)['omni-agent-data'];
    expect(typesOf(data)).not.toContain('AWS::EC2::VPC');
    const port = { 'Fn::GetAtt': [expect.stringMatching(/^DatabaseCluster/), 'Endpoint.Port'] };
    const openings = Object.values(resourcesOf(data)).filter(({ Type }) => Type === 'AWS::EC2::SecurityGroupIngress');
    expect(openings.map(({ Properties }) => Properties)).toMatchObject([
      { IpProtocol: 'tcp', FromPort: port, ToPort: port, SourceSecurityGroupId: expect.anything() },
      { IpProtocol: 'tcp', FromPort: port, ToPort: port, CidrIp: '10.9.0.0/16' },
    ]);
  });

  it('stand in a stage, and in no other stack', () => {
    const stage = new Stage(new App(), 'Production');
    const agent = new OmniAgent(stage, 'OmniAgent', { ...required });
    expect(agent.node.children.map((child) => Stack.of(child).stackName)).toEqual([
      'omni-agent-data',
      'omni-agent-schema',
      'omni-agent',
      'omni-agent-receiver',
    ]);
    const within = () => new OmniAgent(new Stack(new App(), 'Mine'), 'OmniAgent', { ...required });
    expect(within).toThrow('OmniAgent: expected an App or a Stage around it, got the stack Mine');
  });

  it('are told apart from their app by what it may need of them', () => {
    const agent = new OmniAgent(new App(), 'OmniAgent', { ...required });
    expect(Object.keys(agent.logGroups).toSorted()).toEqual([
      'banlist-scheduler',
      'collector',
      'file-upload-scheduler',
      'gateway-probe',
      'log-migrator',
      'monitor',
      'report-migrator',
      'report-receiver',
      'schema-migrator',
      'sender',
      'table-create-scheduler',
      'token-scheduler',
      'tran-cleaner-scheduler',
    ]);
    expect([agent.vpc, agent.endpoint, agent.egressAddress, agent.customerSecret]).not.toContain(undefined);
  });

  it.each([
    [
      'an address that exists',
      { addressAllocationId: 'eipalloc-0a1b' },
      { 'AWS::EC2::EIP': 0, 'AWS::EC2::NatGateway': 1 },
    ],
    ['no way out', { natGateway: false }, { 'AWS::EC2::EIP': 0, 'AWS::EC2::NatGateway': 0, 'AWS::EC2::Subnet': 4 }],
    ['a second instance', { reader: true }, { 'AWS::RDS::DBInstance': 2 }],
    ['a range of addresses', { vpcCidr: '10.7.0.0/24' }, { 'AWS::EC2::Subnet': 6 }],
  ])('have %s by a setting', (_what, settings, counts) => {
    const types = typesOf(synthesizeAgent(settings)['omni-agent-data']);
    for (const [type, count] of Object.entries(counts))
      expect(
        types.filter((one) => one === type),
        type,
      ).toHaveLength(count);
  });

  it('read the files of a bucket that exists, by a setting or as the app has it', () => {
    const named = synthesizeAgent({ fileBucketName: 'my-files' });
    expect(typesOf(named['omni-agent-data'])).not.toContain('AWS::S3::Bucket');
    const policies = (template: Template | undefined) => JSON.stringify(template?.findResources('AWS::IAM::Policy'));
    expect(policies(named['omni-agent'])).toContain(':s3:::my-files/*');
    const app = new App();
    const mine = new Bucket(new Stack(app, 'Mine'), 'Files') as IBucket;
    new OmniAgent(app, 'OmniAgent', { ...required, fileBucket: mine });
    const templates = templatesOf(app);
    expect(typesOf(templates['omni-agent-data'])).not.toContain('AWS::S3::Bucket');
    expect(policies(templates['omni-agent'])).toContain('s3:GetObject');
  });

  it('encrypt the database and its secrets with the key of a setting, which their readers may use', () => {
    const key = 'arn:aws:kms:ap-northeast-2:111122223333:key/mine';
    const templates = synthesizeAgent({ kmsKeyArn: key });
    const data = templates['omni-agent-data'] ?? expect.fail('no data stack');
    data.hasResourceProperties('AWS::RDS::DBCluster', { KmsKeyId: key, MasterUserSecret: { KmsKeyId: key } });
    data.allResourcesProperties('AWS::SecretsManager::Secret', { KmsKeyId: key });
    for (const name of ['omni-agent', 'omni-agent-schema', 'omni-agent-receiver'])
      expect(JSON.stringify(templates[name]?.toJSON())).toMatch(/"kms:Decrypt".*key\/mine/);
  });

  it('refuse a wrong setting with one line', () => {
    expect(() => synthesizeAgent({ sessions: 41 })).toThrow(/^Wrong settings: sessions: expected .*, got 41$/);
  });
});

describe('what lives long', () => {
  const templates = synthesizeAgent();
  const data = templates['omni-agent-data'] ?? expect.fail('no data stack');

  it('is encrypted, has the agent’s zone, speaks TLS alone, and RDS keeps the master’s password', () => {
    data.hasResourceProperties('AWS::RDS::DBCluster', {
      EnableHttpEndpoint: true,
      StorageEncrypted: true,
      DeletionProtection: true,
      BackupRetentionPeriod: 14,
      ManageMasterUserPassword: true,
      MasterUsername: 'omni_master',
    });
    const Parameters = { timezone: 'Asia/Seoul', 'rds.force_ssl': '1' };
    data.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', { Parameters });
  });

  it('has the files in a bucket that is encrypted, closed to the public and to plain text, and stays', () => {
    const [bucket] = Object.values(data.findResources('AWS::S3::Bucket'));
    expect(bucket).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
    expect(JSON.stringify(data.findResources('AWS::S3::BucketPolicy'))).toContain('"aws:SecureTransport":"false"');
  });

  it('lets nobody reach the database unless the settings say so', () => {
    data.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    const groups = Object.values(data.findResources('AWS::EC2::SecurityGroup'));
    for (const { Properties } of groups) expect(Properties['SecurityGroupIngress']).toBeUndefined();
  });

  it('leaves through one fixed address, to the gateway’s port and AWS alone', () => {
    data.resourceCountIs('AWS::EC2::NatGateway', 1);
    data.resourceCountIs('AWS::EC2::EIP', 1);
    const other = synthesizeAgent({ gatewayUrl: 'grpcs://gateway.example.com:8443' });
    for (const name of ['omni-agent', 'omni-agent-receiver']) {
      const [group] = Object.values(other[name]?.findResources('AWS::EC2::SecurityGroup') ?? {});
      const egress: { FromPort: number; ToPort: number }[] = group?.['Properties'].SecurityGroupEgress ?? [];
      expect(egress.map(({ FromPort, ToPort }) => [FromPort, ToPort])).toEqual([
        [443, 443],
        [8443, 8443],
      ]);
    }
  });

  it('stays when its stack is destroyed, which is refused at first', () => {
    const goes = Object.values(resourcesOf(data)).filter(
      ({ DeletionPolicy }) => DeletionPolicy !== 'RetainExceptOnCreate',
    );
    expect(goes.map(({ Type }) => Type).toSorted()).toEqual([
      'AWS::EC2::FlowLog',
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::Logs::LogGroup',
      // The token's, which may be lost.
      'AWS::SecretsManager::Secret',
    ]);
    const stack = (deletionProtection: boolean) => {
      const app = new App();
      const agent = new OmniAgent(app, 'OmniAgent', { ...required, deletionProtection });
      return Stack.of(agent.node.findChild('Data')).terminationProtection;
    };
    expect([stack(true), stack(false)]).toEqual([true, false]);
  });

  it('is taken up by a later deployment with the settings that the stack names', () => {
    const output: unknown = data.toJSON()['Outputs'].SettingsToKeep.Value;
    const kept = JSON.parse(filledIn(output));
    expect(() => readConfig({ ...required, ...kept })).not.toThrow();
    const later = synthesizeAgent(kept);
    expect(typesOf(later['omni-agent-data'])).toEqual(['AWS::SecretsManager::Secret']);
    expect(later['omni-agent']).toBeInstanceOf(Template);
    const outputs = Object.keys(later['omni-agent-data']?.toJSON()['Outputs']);
    // Without those by which the other stacks refer to the token's secret.
    expect(outputs.filter((name) => !name.startsWith('PublishOutput'))).toEqual([
      'GatewaySecret',
      'DatabaseCluster',
      'DatabaseEndpoint',
      'DatabasePort',
      'DatabaseName',
      'TimeZone',
      'FileBucket',
      'AgentSecret',
      'CustomerSecret',
      'SettingsToKeep',
    ]);
  });

  it('has the address and the port that the settings name, where the database exists', () => {
    const existing = {
      databaseClusterArn: 'arn:aws:rds:ap-northeast-2:111122223333:cluster:mine',
      masterSecretArn: 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:mine-abcdef',
      databaseSecurityGroupId: 'sg-0a1b2c3d',
      clientCidrs: ['10.9.0.0/16'],
    };
    const named = synthesizeAgent({ ...existing, databaseEndpoint: 'mine.example.com:5433' })['omni-agent-data'];
    expect(named?.toJSON()['Outputs']).toMatchObject({
      DatabaseCluster: { Value: existing.databaseClusterArn },
      DatabaseEndpoint: { Value: 'mine.example.com' },
      DatabasePort: { Value: '5433' },
    });
    named?.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 5433, ToPort: 5433 });
    const unnamed = synthesizeAgent(existing)['omni-agent-data'];
    expect(unnamed?.toJSON()['Outputs']).not.toHaveProperty('DatabasePort');
    unnamed?.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 5432, ToPort: 5432 });
  });
});

/** The text of an output, with something fit in place of each reference. */
function filledIn(value: unknown): string {
  const ofResource = (name: string): string => {
    if (/Vpc[0-9A-F]{8}$/.test(name)) return 'vpc-0a1b';
    if (/Subnet/.test(name))
      return `subnet-${name.length}${/Database/.test(name) ? '0' : '1'}${/2Subnet/.test(name) ? '2' : '1'}`;
    if (/Endpoint\.Port$/.test(name)) return '5432';
    if (/SecurityGroup/.test(name)) return 'sg-0a1b';
    if (/^Files/.test(name)) return 'my-files';
    const pseudo: Record<string, string> = { 'AWS::Partition': 'aws', 'AWS::Region': 'x', 'AWS::AccountId': '1' };
    if (pseudo[name] !== undefined) return pseudo[name];
    return /^Secrets|Master/.test(name) ? `arn:aws:secretsmanager:x:1:secret:${name}-abcdef` : name;
  };
  const fill = (part: unknown): string => {
    if (typeof part === 'string') return part;
    const [[kind, argument] = ['', '']] = Object.entries(part as Record<string, unknown>);
    if (kind === 'Fn::Join') return (argument as [string, unknown[]])[1].map(fill).join('');
    if (kind === 'Fn::GetAtt') return ofResource((argument as string[]).join(''));
    return ofResource(String(argument));
  };
  return fill(value);
}
