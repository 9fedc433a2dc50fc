import { App } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { OmniAgent } from '../../lib/omni-agent.ts';
import type { OmniAgentProps } from '../../lib/omni-agent-props.ts';
import { required } from '../support/stacks.ts';
import { acknowledgements } from './acknowledgements.ts';

/** What breaks a rule, as `<rule> <path below the OmniAgent>`. */
function findingsOf(settings: Partial<OmniAgentProps>): string[] {
  const app = new App();
  const agent = new OmniAgent(app, 'OmniAgent', { ...required, ...settings });
  // What a synthesis adds is looked at too.
  app.synth();
  const reports = [new AwsSolutionsChecks(), new ServerlessChecks()].map((pack) => pack.validateScope(app));
  const pathOf = (path = '') => path.replace(`${agent.node.path}/`, '').replace(/\/Resource$/, '');
  return reports
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName, violatingResources = [] }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${pathOf(constructPath)}`),
    );
}

const secret = (name: string) => `arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:${name}-abcdef`;

/** Synthesized once for all tests here: that takes seconds. */
const shapes: Record<string, readonly string[]> = {
  'made all anew': findingsOf({ reader: true, clientCidrs: ['10.9.0.0/16'] }),
  'in a network and on a database that exist': findingsOf({
    vpcId: 'vpc-0a1b2c3d',
    senderSubnetIds: ['subnet-0a1b2c3d'],
    databaseClusterArn: 'arn:aws:rds:ap-northeast-2:111122223333:cluster:mine',
    databaseSecurityGroupId: 'sg-0a1b2c3d',
    clientSecurityGroupIds: ['sg-1a2b3c4d'],
    masterSecretArn: secret('master'),
    ownerSecretArn: secret('owner'),
    agentSecretArn: secret('agent'),
    customerSecretArn: secret('customer'),
    gatewaySecretArn: secret('gateway'),
    kmsKeyArn: 'arn:aws:kms:ap-northeast-2:111122223333:key/mine',
  }),
};
const found = Object.values(shapes).flat();
const acknowledged = acknowledgements.flatMap(({ rule, where }) => where.map((path) => `${rule} ${path}`));

describe('the rules AwsSolutions and Serverless of cdk-nag', () => {
  it.each(Object.entries(shapes))('are kept by an agent %s, but for what is acknowledged', (_shape, findings) => {
    expect(findings.filter((finding) => !acknowledged.includes(finding))).toEqual([]);
  });

  it('have no acknowledgement that nothing needs any more, and none twice', () => {
    expect(acknowledged.filter((one) => !found.includes(one))).toEqual([]);
    expect(acknowledged.filter((one, at) => acknowledged.indexOf(one) !== at)).toEqual([]);
  });
});
