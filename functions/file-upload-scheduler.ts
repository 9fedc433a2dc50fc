import { fileUploadSchedulerEnvironment, parseEnvironment } from './aws/env.ts';
import { countFailures } from './aws/failures.ts';
import { fileBucket } from './aws/file-bucket.ts';
import { logUploads } from './aws/file-log.ts';
import { observe } from './aws/observe.ts';
import { scheduledDrain } from './aws/scheduled-loop.ts';
import { gatewayCredentials, sharedToken } from './aws/secrets.ts';
import { connectDatabase } from './database/data-api.ts';
import { fileStore } from './database/file-store.ts';
import { connectGateway } from './gateway/gateway.ts';
import { uploadFiles } from './maintenance/upload-files.ts';
import { sizes } from './settings/sizes.ts';
import { timing } from './settings/timing.ts';

/** Uploads the files of file_upload to the gateway, and renews their keys while rows wait with them. */
const env = parseEnvironment(fileUploadSchedulerEnvironment);
const observed = observe('file-upload-scheduler', env);
const { onFailure, onCredentialsRefused } = countFailures(observed);
const store = fileStore(connectDatabase(env, { onFailure }), { ttlMinutes: env.FILE_UPLOAD_TTL_MINUTES });
const objects = fileBucket(env.FILE_BUCKET);
const gateway = connectGateway({
  url: env.GATEWAY_URL,
  plaintextHost: env.PLAINTEXT_GATEWAY_HOST,
  credentials: gatewayCredentials(env.GATEWAY_SECRET_ARN),
  tokens: sharedToken(env.TOKEN_SECRET_ARN),
  deadlineMs: timing.uploadDeadlineMs,
  onCredentialsRefused,
});

const turn = async () =>
  logUploads(observed, await uploadFiles({ store, objects, gateway }, { turnLimit: sizes.files }));

export const handler = scheduledDrain(observed, turn, { reserveSeconds: timing.uploadReserveSeconds });
