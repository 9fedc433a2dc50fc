import { afterEach, expect, it, vi } from 'vitest';
import { readInstallation } from '../../functions/aws/installation.ts';
import { type Answer, aFakeAws, stackWith, useAws } from '../support/fake-aws.ts';
import { synthesizeAgent } from '../support/stacks.ts';

afterEach(() => vi.unstubAllEnvs());

it('the outputs of the stacks are those by which omni-agent finds an installation', async () => {
  const answers: Record<string, Answer> = {};
  for (const [stack, template] of Object.entries(synthesizeAgent({ installation: 'shop' }))) {
    const names = Object.keys(template.findOutputs('*'));
    const dummy = (name: string) => (/Queue/.test(name) ? `https://sqs.example.com/1/${name}` : '7');
    answers[`DescribeStacks ${stack}`] = stackWith(stack, Object.fromEntries(names.map((name) => [name, dummy(name)])));
  }
  useAws((await aFakeAws(answers)).url);
  const { queueUrls, receiver } = await readInstallation('shop');
  expect(Object.values(queueUrls).map((url) => url.split('/').at(-1))).toEqual([
    'QueueVeryFast',
    'QueueFast',
    'QueueSlow',
  ]);
  expect(receiver).toBeDefined();
});
