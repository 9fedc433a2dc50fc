import { describe, expect, it } from 'vitest';
import { alarmsOf, CloudWatch, metricKey } from '../support/cloud-watch.ts';

const minutely = { Namespace: 'Here', MetricName: 'Rows', Period: 60, Statistic: 'Sum' };
const above = { ComparisonOperator: 'GreaterThanThreshold', Threshold: 1, EvaluationPeriods: 1 };

function anAlarm(properties: Readonly<Record<string, unknown>>) {
  const [alarm] = alarmsOf([
    { type: 'AWS::CloudWatch::Alarm', properties: { AlarmName: 'agent/Here/RowsWait', ...above, ...properties } },
    { type: 'AWS::SQS::Queue', properties: {} },
  ]);
  return alarm ?? expect.fail('expected an alarm, got none');
}

/** Minute by minute, the values that metric Rows has; the alarm's state at the end of each. */
function states(alarm: ReturnType<typeof anAlarm>, minutes: readonly (readonly number[] | undefined)[]): boolean[] {
  const cloud = new CloudWatch();
  return minutes.map((values) => {
    cloud.pass();
    if (values !== undefined) cloud.put({ metric: metricKey('Here', 'Rows', {}), values });
    return cloud.isOn(alarm);
  });
}

describe('an alarm on a metric', () => {
  it.each([
    ['GreaterThanThreshold', [false, false, true]],
    ['GreaterThanOrEqualToThreshold', [false, true, true]],
    ['LessThanThreshold', [true, false, false]],
    ['LessThanOrEqualToThreshold', [true, true, false]],
  ])('by %s is on below, at and above 1: %j', (ComparisonOperator, expected) => {
    expect(states(anAlarm({ ...minutely, ComparisonOperator }), [[0], [1], [2]])).toEqual(expected);
  });

  it.each([
    ['Sum', 9],
    ['Average', 3],
    ['Maximum', 5],
    ['Minimum', 1],
    ['SampleCount', 3],
  ])('takes the %s of a period', (Statistic, Threshold) => {
    const at = (threshold: number) =>
      states(anAlarm({ ...minutely, Statistic, Threshold: threshold }), [[5, 1, 3]]).at(-1);
    expect([at(Threshold - 1), at(Threshold)]).toEqual([true, false]);
  });

  it.each([
    ['breaching', [true, false, true]],
    ['notBreaching', [false, false, false]],
    ['missing', [false, false, false]],
    [undefined, [false, false, false]],
  ])('takes a minute without data for %s', (TreatMissingData, expected) => {
    const alarm = anAlarm({ ...minutely, ...(TreatMissingData !== undefined && { TreatMissingData }) });
    expect(states(alarm, [undefined, [0], undefined])).toEqual(expected);
  });

  it('is on when all of its periods breach, or as many as it says, and is over when they no longer do', () => {
    const minutes = [[2], [0], [2], [2], [0]];
    const three = { ...minutely, EvaluationPeriods: 3, TreatMissingData: 'notBreaching' };
    expect(states(anAlarm(three), [[2], [2], [2], [0]])).toEqual([false, false, true, false]);
    expect(states(anAlarm(three), minutes)).not.toContain(true);
    expect(states(anAlarm({ ...three, DatapointsToAlarm: 2 }), minutes)).toEqual([false, false, true, true, true]);
  });

  it('counts what all minutes of a longer period had', () => {
    const alarm = anAlarm({ ...minutely, Period: 180, TreatMissingData: 'notBreaching' });
    expect(states(alarm, [[1], undefined, [1], undefined])).toEqual([false, false, true, false]);
  });

  it('reads its own metric: namespace, name and dimensions', () => {
    const Dimensions = [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['Slow', 'QueueName'] } }];
    const alarm = anAlarm({ ...minutely, Dimensions });
    const cloud = new CloudWatch();
    cloud.put({ metric: metricKey('Here', 'Rows', {}), values: [2] });
    cloud.put({ metric: metricKey('There', 'Rows', { QueueName: 'Slow' }), values: [2] });
    cloud.put({ metric: metricKey('Here', 'Rows', { QueueName: 'Fast' }), values: [2] });
    expect(cloud.isOn(alarm)).toBe(false);
    cloud.put({ metric: metricKey('Here', 'Rows', { QueueName: 'Slow' }), values: [2] });
    expect(cloud.isOn(alarm)).toBe(true);
  });

  it('must be of a kind that is known', () => {
    expect(() => anAlarm({ ...minutely, Statistic: 'p99' })).toThrow();
    expect(() => anAlarm({ ...minutely, ComparisonOperator: 'GreaterThanUpperThreshold' })).toThrow();
    expect(() => anAlarm({ ...minutely, TreatMissingData: 'ignore' })).toThrow();
  });
});

describe('an alarm on an expression', () => {
  const metricOf = (Id: string, Stat = 'Sum') => ({
    ...{ Id, ReturnData: false },
    MetricStat: { Metric: { Namespace: 'Here', MetricName: Id }, Period: 60, Stat },
  });
  const on = (Expression: string, values: Readonly<Record<string, number>>, more: object = {}) => {
    const cloud = new CloudWatch();
    for (const [name, one] of Object.entries(values)) cloud.put({ metric: metricKey('Here', name, {}), values: [one] });
    return cloud.isOn(
      anAlarm({ Metrics: [{ Id: 'result', Expression }, metricOf('a'), metricOf('b')], Threshold: 0, ...more }),
    );
  };

  it.each([
    { a: 2, b: 1, expected: true },
    { a: 1, b: 1, expected: false },
    { a: 1, expected: false },
  ])('takes the difference of %j', ({ expected, ...values }) => {
    expect(on('a - b', values)).toBe(expected);
  });

  it('is without data if one of them is, and a sum if all are', () => {
    expect(on('a - b', { a: 0 }, { TreatMissingData: 'breaching' })).toBe(true);
    expect(on('SUM([a, b])', { a: 0 }, { TreatMissingData: 'breaching' })).toBe(false);
    expect(on('SUM([a, b])', {}, { TreatMissingData: 'breaching' })).toBe(true);
  });

  it.each([{ a: 1, expected: true }, { b: 1, expected: true }, { a: 0, b: 0, expected: false }, { expected: false }])(
    'adds up what is there of %j',
    ({ expected, ...values }) => {
      expect(on('SUM([a, b])', values)).toBe(expected);
    },
  );

  it.each([
    { a: 3, expected: true },
    { a: 3, b: 1, expected: false },
    { a: 0, expected: false },
    { b: 1, expected: false },
  ])('decides by conditions on %j', ({ expected, ...values }) => {
    expect(on('IF(a > 0 AND SUM([b, a]) == a, 1, 0)', values)).toBe(expected);
  });

  it.each(['a * b', 'IF(a < b, 1, 0)', 'MAX([a, b])'])('refuses %s, which it does not know', (expression) => {
    expect(() => on(expression, { a: 1, b: 1 })).toThrow(/expected/);
  });
});

it('knows what was said of, by namespace', () => {
  const cloud = new CloudWatch();
  for (const name of ['b', 'a', 'a']) cloud.put({ metric: metricKey('Here', name, {}), values: [0] });
  cloud.put({ metric: metricKey('There', 'c', {}), values: [0] });
  expect(cloud.namesIn('Here')).toEqual(['a', 'b']);
});
