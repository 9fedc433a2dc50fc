import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { AgentConfig } from './agent-config.ts';

interface FileBucketProps {
  readonly config: AgentConfig;
  readonly key: IKey | undefined;
  readonly fileBucket: IBucket | undefined;
}

/** The bucket with the files of file_upload: of the app, of the settings, or else a new one, which stays when its stack goes. */
export function fileBucketOf(scope: Construct, { config, key, fileBucket }: FileBucketProps): IBucket {
  if (fileBucket !== undefined) return fileBucket;
  if (config.fileBucketName !== undefined) return Bucket.fromBucketName(scope, 'Files', config.fileBucketName);
  const isAws = config.profile === 'aws';
  const removalPolicy = isAws ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
  const bucket = new Bucket(scope, 'Files', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    ...(key === undefined ? { encryption: BucketEncryption.S3_MANAGED } : { encryptionKey: key }),
    // An emulator has no TLS.
    enforceSSL: isAws,
    // Files stay: a key is renewed from them for as long as rows wait.
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy,
  });
  bucket.policy?.applyRemovalPolicy(removalPolicy);
  return bucket as IBucket;
}

/** Reading, and being told that there is no such file: without the right to list, S3 says that it is forbidden. */
export function grantFiles(grantee: IGrantable, bucket: IBucket): void {
  Grant.addToPrincipal({ grantee, actions: ['s3:GetObject'], resourceArns: [bucket.arnForObjects('*')] });
  Grant.addToPrincipal({ grantee, actions: ['s3:ListBucket'], resourceArns: [bucket.bucketArn] });
  bucket.encryptionKey?.grantDecrypt(grantee);
}
