import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { type Resource, resourcesOf, synthesizeAgent } from '../support/stacks.ts';

/** A loop is billed for its pauses: only these two act every two seconds, and are fired anew while they still turn. */
const looping = ['collector', 'report-migrator'];

const ofFunction = z.object({
  Description: z.string().transform((text) => text.split(': ').at(-1) ?? ''),
  Timeout: z.number(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
});

const ofRule = z.object({
  ScheduleExpression: z.templateLiteral([
    'rate(',
    z.number(),
    ' ',
    z.enum(['minute', 'minutes', 'hour', 'hours']),
    ')',
  ]),
  Targets: z.tuple([z.object({ Arn: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }) })]),
});

let resources: Record<string, Resource>;
beforeAll(() => {
  resources = resourcesOf(synthesizeAgent()['omni-agent']);
});

/** What the schedules fire: each with the seconds between two firings. */
function fired() {
  return Object.values(resources).flatMap(({ Type, Properties }) => {
    if (Type !== 'AWS::Events::Rule') return [];
    const { ScheduleExpression, Targets } = ofRule.parse(Properties);
    const [, count, unit] = /(\d+) (minute|hour)/.exec(ScheduleExpression) ?? [];
    const { Description, ...one } = ofFunction.parse(resources[Targets[0].Arn['Fn::GetAtt'][0]]?.Properties);
    const seconds = Number(count) * (unit === 'hour' ? 3_600 : 60);
    return [{ part: Description, loops: 'LOOP_SECONDS' in one.Environment.Variables, seconds, timeout: one.Timeout }];
  });
}

it('collector and report migrator alone loop; all others are over before they are fired again', () => {
  const all = fired();
  expect(
    all
      .filter(({ loops }) => loops)
      .map(({ part }) => part)
      .toSorted(),
  ).toEqual(looping);
  expect(all.length).toBeGreaterThan(looping.length + 2);
  for (const { part, loops, seconds, timeout } of all) if (!loops) expect(timeout, part).toBeLessThan(seconds);
});

it('their handlers alone are made to', () => {
  const files = readdirSync('functions').filter((file) => file.endsWith('.ts'));
  const turning = files.filter((file) => /scheduledLoop|turnUntilEnd/.test(readFileSync(`functions/${file}`, 'utf8')));
  expect(turning.toSorted()).toEqual(looping.map((part) => `${part}.ts`));
});
