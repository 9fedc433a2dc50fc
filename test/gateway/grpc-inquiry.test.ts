import { type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectGateway, type GatewayOptions } from '../../functions/gateway/gateway.ts';
import {
  type InquiredReports,
  MessageStatus,
  Channel as ProtoChannel,
} from '../../functions/gateway/grpc/generated/omni/gateway/v1/gateway.ts';
import { account } from '../support/gateway-parts.ts';
import { inquiryGatewayContract } from '../support/inquiry-contract.ts';
import { aScriptedGateway } from '../support/scripted-gateway.ts';

function aGateway(url: string, options: Partial<GatewayOptions> = {}) {
  const gateway = connectGateway({ url, plaintextHost: undefined, credentials: async () => account, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

describe('the cleaner’s port over gRPC', () => inquiryGatewayContract((url) => aGateway(url)));

const names = [{ reference: 'test.1.7' }, { messageKey: 'K2' }];

/** The gateway that answers so to an inquiry about both. */
async function answering(results: readonly InquiredReports[], options: Partial<GatewayOptions> = {}) {
  const url = await aScriptedGateway({ inquireReports: (_, callback) => callback(null, { results: [...results] }) });
  return await aGateway(url, options).inquireReports(names);
}

const unknown = { status: MessageStatus.MESSAGE_STATUS_UNKNOWN, reports: [] };

describe('an answer', () => {
  it.each([
    ['too few results', [unknown], 'InquireReports was answered with 1 results for 2 messages'],
    ['too many', [unknown, unknown, unknown], 'InquireReports was answered with 3 results for 2 messages'],
    ['no status', [unknown, { reports: [] }], 'InquireReports was answered with unknown status 0'],
  ])('with %s says nothing of any message', async (_, results, reason) => {
    expect(await answering(results)).toEqual({ outcome: 'failed', reason });
  });

  it('without our reference is about the message that was asked about', async () => {
    const report = { messageKey: 'K', channel: ProtoChannel.CHANNEL_SMS, code: '10000', handsetAt: undefined };
    const reported = { status: MessageStatus.MESSAGE_STATUS_REPORTED, reports: [report] };
    expect(await answering([reported, reported])).toMatchObject({
      results: [{ reports: [{ reference: 'test.1.7' }] }, { reports: [{ reference: '' }] }],
    });
  });

  it('leaves out a report that cannot be used, and tells of it', async () => {
    const onBadReport = vi.fn();
    const reported = {
      status: MessageStatus.MESSAGE_STATUS_REPORTED,
      reports: [{ messageKey: 'K', channel: 99 as 1, handsetAt: undefined }],
    };
    expect(await answering([reported, unknown], { onBadReport })).toMatchObject({
      outcome: 'answered',
      results: [{ status: 'reported', reports: [] }, { status: 'unknown' }],
    });
    expect(onBadReport).toHaveBeenCalledTimes(1);
  });
});

describe('a status means', () => {
  it.each(
    Object.entries(status).flatMap(([name, code]) =>
      typeof code === 'number' && code !== status.OK ? [[name, code] as const] : [],
    ),
  )('%s to an inquiry: nobody was asked', async (name, code) => {
    const failure: Partial<ServiceError> = { code, details: 'of +82 10-0000-0001' };
    const onCredentialsRefused = vi.fn();
    const url = await aScriptedGateway({ inquireReports: (_, callback) => callback(failure) });
    const outcome = code === status.INVALID_ARGUMENT ? 'refused' : 'failed';
    expect(await aGateway(url, { onCredentialsRefused }).inquireReports(names)).toEqual({
      outcome,
      reason: `${name}: of …`,
    });
    const isRefused = code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED;
    expect(onCredentialsRefused).toHaveBeenCalledTimes(isRefused ? 1 : 0);
  });
});
