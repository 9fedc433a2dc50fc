import * as z from 'zod';
import type { FileStore } from '../maintenance/upload-files.ts';
import { sizes } from '../settings/sizes.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, count, key, momentOf, noRow, queryOne } from './agent-database.ts';
import { deferFile, finishFile, releaseFile, takeFiles } from './sql.generated.ts';

const takenRow = z
  .object({
    file_seq: key,
    file_path: z.string().nullable(),
    channel_type: z.string().nullable(),
    msg_type: z.string().nullable(),
    renews: z.boolean(),
    is_late: z.boolean(),
    attempts: count,
  })
  .transform((row) => ({
    fileSeq: row.file_seq,
    path: row.file_path,
    channelType: row.channel_type,
    msgType: row.msg_type,
    renews: row.renews,
    isLate: row.is_late,
    attempts: row.attempts,
  }));

/** The FileUploadScheduler's view of the database. */
export function fileStore(database: AgentDatabase, { ttlMinutes }: { readonly ttlMinutes: number }): FileStore {
  const moment = () => momentOf(database);
  return {
    async take(leaseToken) {
      const limits = { leaseSeconds: timing.fileLeaseSeconds, turnLimit: sizes.files, ttlMinutes };
      const keys = { aheadSeconds: timing.fileRenewSeconds, keepDays: timing.lookbackDays };
      return await database.queries.query(takeFiles, { ...moment(), leaseToken, ...limits, ...keys }, takenRow);
    },

    async finish({ fileSeq, path, channelType, msgType, renews }, leaseToken, { key, code, message, waitSeconds }) {
      const parameters = {
        ...moment(),
        ...{ fileSeq, leaseToken, filePath: path, channelType, msgType, renews },
        ...{ fileKey: key?.fileKey ?? null, expiresAt: key?.expiresAt?.toISOString() ?? null },
        ...{ resultCode: code, resultMessage: message },
        ...{ waitSeconds: waitSeconds ?? null, retrySeconds: timing.fileRetrySeconds },
      };
      const row = z.object({ written: z.boolean() });
      return (await queryOne(database, { statement: finishFile, parameters }, row)).written;
    },

    async defer(fileSeq, leaseToken, waitSeconds) {
      await database.queries.query(deferFile, { now: moment().now, fileSeq, leaseToken, waitSeconds }, noRow);
    },

    async release(fileSeq) {
      const parameters = { ...moment(), fileSeq, turnLimit: sizes.releasedRows };
      const row = z.object({ released_count: count });
      return (await queryOne(database, { statement: releaseFile, parameters }, row)).released_count;
    },
  };
}
