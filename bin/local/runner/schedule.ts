import { randomUUID } from 'node:crypto';
import { accountId, region } from './intrinsics.ts';
import { arnOf, type SchedulePlan } from './template.ts';

export interface ScheduleParts {
  readonly plan: SchedulePlan;
  readonly invoke: (event: unknown) => Promise<unknown>;
  readonly onProblem: (line: string) => void;
}

/**
 * Fires a rule's target at once, then every period. EventBridge first fires within a minute, and at once is within it. A
 * failed invocation is not retried: the app sets no retries. The returned function stops the schedule.
 */
export function startSchedule({ plan, invoke, onProblem }: ScheduleParts): () => void {
  const fire = () => {
    invoke('input' in plan ? plan.input : scheduledEvent(plan)).catch((error: unknown) =>
      onProblem(`${plan.name}: ${error instanceof Error ? error.message : error}`),
    );
  };
  fire();
  const timer = setInterval(fire, plan.periodMs);
  return () => clearInterval(timer);
}

function scheduledEvent(plan: SchedulePlan) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: accountId,
    time: new Date().toISOString(),
    region,
    resources: [arnOf('events', `rule/${plan.name}`)],
    detail: {},
  };
}
