import * as z from 'zod';
import type { ReportStore } from '../pipeline/receive-reports.ts';
import type { StorableReport } from '../pipeline/storable-report.ts';
import { sizes } from '../settings/sizes.ts';
import { timing } from '../settings/timing.ts';
import { type AgentDatabase, momentOf, noRow } from './agent-database.ts';
import { dropReceiverLease, holdReceiverLease, storeReports } from './sql.generated.ts';

const leaseRow = z.object({ holder: z.string() });

/** The receiver's view of the database. */
export function reportStore(database: AgentDatabase): ReportStore {
  return {
    async store(reports) {
      for (let start = 0; start < reports.length; start += sizes.store) {
        const rows = reports.slice(start, start + sizes.store).map(toRow);
        const parameters = { ...momentOf(database), reports: JSON.stringify(rows) };
        await database.queries.query(storeReports, parameters, noRow);
      }
    },

    async holdLease(holder) {
      const parameters = { now: momentOf(database).now, holder, leaseSeconds: timing.receiverLeaseSeconds };
      return (await database.queries.query(holdReceiverLease, parameters, leaseRow)).length > 0;
    },

    async dropLease(holder) {
      await database.queries.query(dropReceiverLease, { holder }, noRow);
    },
  };
}

function toRow({ reference, messageKey, reportCode, handsetAt, ...report }: StorableReport) {
  return { ...report, ...reference, key: messageKey, code: reportCode, at: handsetAt?.toISOString() ?? null };
}
