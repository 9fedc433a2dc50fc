import { Duration } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { fileUploadSchedulerEnvironment } from '../functions/aws/env.ts';
import { timing } from '../functions/settings/timing.ts';
import type { AgentConfig } from './agent-config.ts';
import { AgentFunction } from './agent-function.ts';
import type { AgentDatabase } from './database.ts';
import { grantFiles } from './file-bucket.ts';
import { notDone } from './function-alarms.ts';
import { type CallerSecrets, callerEnvironment, grantCalling } from './gateway-access.ts';
import { type AgentNetwork, callerPlace } from './network.ts';
import { schedule } from './schedule.ts';

interface FileUploadingProps {
  readonly config: AgentConfig;
  readonly database: AgentDatabase;
  readonly secrets: CallerSecrets;
  readonly fileBucket: IBucket;
  /** None with profile local. */
  readonly network: AgentNetwork | undefined;
}

/** The FileUploadScheduler: uploads the files of file_upload, and renews their keys while rows wait with them. */
export class FileUploading extends Construct {
  constructor(scope: Construct, id: string, { config, database, secrets, fileBucket, network }: FileUploadingProps) {
    super(scope, id);
    const scheduler = new AgentFunction<typeof fileUploadSchedulerEnvironment>(this, 'FileUploadScheduler', {
      program: 'file-upload-scheduler',
      timeout: Duration.seconds(timing.singleTimeoutSeconds),
      ...(network && callerPlace(this, network, config)),
      environment: {
        INSTALLATION: config.installation,
        ...database.environmentAs('agent'),
        ...callerEnvironment(config, secrets),
        FILE_BUCKET: fileBucket.bucketName,
        FILE_UPLOAD_TTL_MINUTES: String(config.fileUploadTtlMinutes),
      },
    });
    database.grantStatements(scheduler, 'agent');
    grantCalling(scheduler, secrets);
    grantFiles(scheduler, fileBucket);
    const interval = Duration.minutes(config.fileUploadMinutes);
    schedule(this, scheduler, { every: interval });
    notDone(this, 'FilesNotLookedAt', {
      scheduled: scheduler,
      name: 'FileUploading/FilesNotLookedAt',
      description: 'For five intervals nothing has looked at file_upload: files get no key, and keys are not renewed.',
      interval,
      intervals: 5,
    });
  }
}
