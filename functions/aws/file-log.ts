import type { UploadTally } from '../maintenance/upload-files.ts';
import { ruleOf } from '../message/refusal.ts';
import type { Next } from '../pipeline/loop.ts';
import { metricNames } from '../settings/metrics.ts';
import { addCounts, type Observed } from './observe.ts';

const names = metricNames['file-upload-scheduler'];

/** What a turn did, by file_seq: a path is the customer's. */
export function logUploads(
  observed: Observed,
  { uploaded, renewed, failed, deferred, released, next }: UploadTally,
): Next {
  const { logger } = observed;
  for (const { fileSeq, code, reason } of failed) logger.warn('file failed', { fileSeq, code, rule: ruleOf(reason) });
  for (const { fileSeq, reason } of deferred) logger.warn('file put off', { fileSeq, reason: ruleOf(reason) });
  if (uploaded + renewed > 0) logger.info('files', { uploaded, renewed, released });
  addCounts(observed, { [names.uploaded]: uploaded, [names.renewed]: renewed, [names.failed]: failed.length });
  return next;
}
