import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/** Fires a function once a minute, the most that a rule can; the function turns in a loop until the next firing. */
export function everyMinute(scope: Construct, target: IFunction): Rule {
  return new Rule(scope, 'Schedule', {
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [new LambdaFunction(target, { retryAttempts: 0, maxEventAge: Duration.seconds(60) })],
  });
}
