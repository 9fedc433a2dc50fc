import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type {
  ReportsRequest,
  ReportsResponse,
  Subscribe,
} from '../../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import type { Behaviour } from './options.ts';
import type { ReportDesk } from './report-desk.ts';
import type { Consumer } from './subscription.ts';

type Call = ServerDuplexStream<ReportsRequest, ReportsResponse>;

/** Serves one report stream until either side ends it. */
export function serveReports(call: Call, desk: ReportDesk, behaviour: Behaviour): void {
  let subscription: string | undefined;
  const consumer = {
    maxBatchSize: 0,
    deliver: deliverTo(call),
    end: () => end(status.ABORTED, 'a newer stream took over'),
  };
  const heartbeat = setInterval(() => call.write({ event: { $case: 'heartbeat', value: {} } }), behaviour.heartbeatMs);
  let silence = setTimeout(() => undefined, 0);
  const leave = () => {
    clearInterval(heartbeat);
    clearTimeout(silence);
    if (subscription !== undefined) desk.detach(subscription, consumer);
  };
  const end = (code: status, details: string) => {
    leave();
    call.emit('error', { code, details });
  };
  const listen = () => {
    clearTimeout(silence);
    silence = setTimeout(() => end(status.UNAVAILABLE, 'the client fell silent'), behaviour.silenceMs);
  };
  listen();
  call.on('data', ({ event }: ReportsRequest) => {
    listen();
    if (event?.$case === 'subscribe' && subscription === undefined && isValid(event.value)) {
      subscription = event.value.subscription ?? '';
      consumer.maxBatchSize = event.value.maxBatchSize ?? 0;
      desk.attach(subscription, consumer);
    } else if (event?.$case === 'acknowledge' && subscription !== undefined) {
      desk.acknowledge(subscription, consumer, event.value.batchId ?? '');
    } else if (event?.$case !== 'heartbeat' || subscription === undefined) {
      end(status.INVALID_ARGUMENT, 'expected one Subscribe with a name and 1 to 1,000 reports a batch, first');
    }
  });
  call.on('end', () => {
    leave();
    call.end();
  });
  call.on('cancelled', leave);
}

function deliverTo(call: Call): Consumer['deliver'] {
  return (batchId, reports) => {
    call.write({ event: { $case: 'reportBatch', value: { batchId, reports: [...reports] } } });
  };
}

function isValid({ subscription = '', maxBatchSize = 0 }: Subscribe): boolean {
  return subscription !== '' && maxBatchSize >= 1 && maxBatchSize <= 1_000;
}
