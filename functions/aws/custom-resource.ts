import * as z from 'zod';
import { type Clock, untilDone } from '../maintenance/patience.ts';
import { asError } from './observe.ts';

/** What CloudFormation sends to the function of a custom resource, as far as it is read here. */
const cloudFormationRequest = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
});

type CloudFormationRequest = z.output<typeof cloudFormationRequest>;

/** CloudFormation takes an answer of at most 4,096 bytes; a character of the reason has up to six, escaped. */
const mostOfReason = 500;

/** CloudFormation waits for its answer until the resource's timeout: one that is lost costs a quarter of an hour. */
export interface AnswerPatience {
  readonly clock: Clock;
  /** How long one try may take. */
  readonly answerMs: number;
  /** For how long tries are begun. */
  readonly budgetMs: number;
}

/**
 * The handler of a custom resource that acts at each create and update, and does nothing when it is deleted. CloudFormation gets
 * its answer, with the error's message as the reason of a failure; the invocation itself then succeeds. Whoever else invokes
 * the function gets the result or the error. Our own, because the CDK's providers answer over HTTPS alone, and an emulator's
 * address is plain HTTP.
 */
export function asCustomResource(
  act: () => Promise<unknown>,
  patience: AnswerPatience,
): (event: unknown) => Promise<unknown> {
  return async (event) => {
    const request = cloudFormationRequest.safeParse(event);
    if (!request.success) return await act();
    let reason: string | undefined;
    if (request.data.RequestType !== 'Delete') {
      try {
        await act();
      } catch (error) {
        reason = asError(error).message;
      }
    }
    await respond(request.data, reason, patience);
    return undefined;
  };
}

async function respond(
  request: CloudFormationRequest,
  reason: string | undefined,
  { answerMs, ...patience }: AnswerPatience,
): Promise<void> {
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = request;
  // The same at each update: another one would make CloudFormation delete the old resource.
  const { PhysicalResourceId = LogicalResourceId } = request;
  const outcome =
    reason === undefined ? { Status: 'SUCCESS' } : { Status: 'FAILED', Reason: reason.slice(0, mostOfReason) };
  const body = JSON.stringify({ ...outcome, StackId, RequestId, LogicalResourceId, PhysicalResourceId });
  const put = async () => {
    // An empty type: the address is signed without one.
    const headers = { 'content-type': '' };
    const response = await fetch(ResponseURL, { method: 'PUT', body, headers, signal: AbortSignal.timeout(answerMs) });
    if (!response.ok) throw new Error(`CloudFormation's address: expected status 200, got ${response.status}`);
  };
  await untilDone(put, { ...patience, isPassing: () => true });
}
