import { Aws, Duration } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage, type HealthCheck } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { bundleOf } from './bundle.ts';

/** Where the receiver answers whether it turns, inside its container. */
export const healthPort = 8080;

const ask = `fetch('http://127.0.0.1:' + process.env.HEALTH_PORT).then(
  ({ ok }) => process.exit(ok ? 0 : 1),
  () => process.exit(1),
)`;

/** ECS ignores the HEALTHCHECK of a Dockerfile. Three misses in a row, and the service starts another task. */
export const healthCheck: HealthCheck = {
  command: ['CMD', 'node', '-e', ask],
  interval: Duration.seconds(30),
  timeout: Duration.seconds(10),
  retries: 3,
  startPeriod: Duration.seconds(60),
};

/** `<account>.dkr.ecr.<region>.<suffix>/<repository>@<digest>` */
const inEcr = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[a-z.]+\/([^@:]+)@(sha256:[0-9a-f]{64})$/;

/** The image that the settings name, which takes no Docker; or else one that is built at deploy. */
export function receiverImage(scope: Construct, published: string | undefined): ContainerImage {
  if (published === undefined) {
    return ContainerImage.fromAsset(bundleOf('report-receiver'), {
      file: 'Dockerfile',
      platform: Platform.LINUX_ARM64,
    });
  }
  const [, account, region, repositoryName, digest] = inEcr.exec(published) ?? [];
  if (repositoryName === undefined) return ContainerImage.fromRegistry(published);
  // As a repository, so that the task may pull from it.
  const repositoryArn = `arn:${Aws.PARTITION}:ecr:${region}:${account}:repository/${repositoryName}`;
  const repository = Repository.fromRepositoryAttributes(scope, 'Repository', { repositoryArn, repositoryName });
  return ContainerImage.fromEcrRepository(repository, digest);
}
