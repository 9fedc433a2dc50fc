import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../lib/agent-config.ts';
import { bundleOf } from '../../lib/bundle.ts';
import { OmniAgent } from '../../lib/omni-agent.ts';
import type { OmniAgentProps } from '../../lib/omni-agent-props.ts';
import { ReceiverStack } from '../../lib/receiver-stack.ts';
import { temporaryFolder } from '../support/assembly.ts';
import { required } from '../support/stacks.ts';

/** Bundled once, which takes the longest. */
beforeAll(() => void bundleOf('report-receiver'), 120_000);

/** The receiver's stack, and the images that a deployment would build. */
function synthesize(props: Partial<OmniAgentProps>) {
  const outdir = temporaryFolder();
  const app = new App({ outdir });
  new OmniAgent(app, 'OmniAgent', { ...required, ...props });
  app.synth();
  const stack = app.node.findAll().find((one) => one instanceof ReceiverStack);
  if (stack === undefined) throw new Error('expected a stack of the receiver, got none');
  const { dockerImages } = JSON.parse(readFileSync(join(outdir, `${stack.artifactId}.assets.json`), 'utf8'));
  return { template: Template.fromStack(stack), images: Object.values(dockerImages) };
}

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('the receiver’s image', () => {
  it('is built for arm64 from its bundle, on a base that a digest fixes', () => {
    const { template, images } = synthesize({});
    expect(images).toMatchObject([{ source: { platform: 'linux/arm64', dockerFile: 'Dockerfile' } }]);
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
    const dockerfile = readFileSync(join(bundleOf('report-receiver'), 'Dockerfile'), 'utf8');
    expect(dockerfile.match(/^FROM .*$/gm)).toEqual([expect.stringMatching(/\/node:24\.\S+@sha256:[0-9a-f]{64}$/)]);
    const [, copied = ''] = /^COPY (.*) \.\/$/m.exec(dockerfile) ?? [];
    for (const file of copied.split(' ')) expect(existsSync(join(bundleOf('report-receiver'), file)), file).toBe(true);
  });

  it('can be one that is published: then none is built', () => {
    const receiverImage = `registry.example.com:5000/team/receiver@${digest}`;
    const { template, images } = synthesize({ receiverImage });
    expect(images).toEqual([]);
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [Match.objectLike({ Image: receiverImage })],
    });
  });

  it('can be in a repository of ECR, and the task may pull from that one', () => {
    const { template, images } = synthesize({
      receiverImage: `111122223333.dkr.ecr.ap-northeast-2.amazonaws.com/team/receiver@${digest}`,
    });
    expect(images).toEqual([]);
    const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    const image = JSON.stringify(task?.['Properties'].ContainerDefinitions[0].Image);
    expect(image).toContain('111122223333.dkr.ecr.ap-northeast-2.');
    expect(image).toContain(`/team/receiver@${digest}`);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Action: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
            Effect: 'Allow',
            Resource: {
              'Fn::Join': [
                '',
                ['arn:', { Ref: 'AWS::Partition' }, ':ecr:ap-northeast-2:111122223333:repository/team/receiver'],
              ],
            },
          },
        ]),
      },
    });
  });

  it('has a digest', () => {
    const receiverImage = 'registry.example.com/receiver:latest';
    expect(() => readConfig({ ...required, receiverImage })).toThrow(
      'receiverImage: expected an image that ends in @sha256: and a digest of 64 characters, got "registry.example.com',
    );
  });
});

describe('the receiver’s container', () => {
  it('is asked whether it turns, and writes nowhere', () => {
    const { template } = synthesize({ receiverImage: `registry.example.com/receiver@${digest}` });
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [
        Match.objectLike({
          HealthCheck: {
            Command: Match.arrayWith(['CMD', 'node', '-e']),
            Interval: 30,
            Retries: 3,
            StartPeriod: 60,
            Timeout: 10,
          },
          Environment: Match.arrayWith([{ Name: 'HEALTH_PORT', Value: '8080' }]),
          ReadonlyRootFilesystem: true,
        }),
      ],
    });
  });
});
