import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { timing } from '../functions/settings/timing.ts';

/** Between two firings of a function that turns in a loop until the next one. */
export const loopPeriod = Duration.seconds(timing.firingSeconds);

/** The rules of all schedules below a construct. */
export function rulesBelow(scope: Construct): Rule[] {
  return scope.node.findAll().filter((one) => one instanceof Rule);
}

/** Fires a function at a steady rate: once a minute is the most that a rule can. */
export function schedule(scope: Construct, target: IFunction, { every }: { every: Duration }): Rule {
  return new Rule(scope, 'Schedule', {
    schedule: Schedule.rate(every),
    targets: [new LambdaFunction(target, { retryAttempts: 0, maxEventAge: Duration.seconds(timing.firingSeconds) })],
  });
}
