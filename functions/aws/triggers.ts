import { DescribeRuleCommand, EventBridgeClient, ListTagsForResourceCommand } from '@aws-sdk/client-eventbridge';
import { GetEventSourceMappingCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { TriggerStates } from '../operation/measures.ts';
import { requestLimits } from '../settings/request-limits.ts';

/** The tag by which a person says, on the Collector's rule, that the agent is paused on purpose, and why. */
export const pauseTag = 'omni-agent:paused';

interface TriggerNames {
  readonly rules: readonly string[];
  /** Ids of event source mappings. */
  readonly eventSources: readonly string[];
  /** ARN of the rule that has the tag. */
  readonly pauseOn: string;
}

/** States in which an event source invokes its function, or soon will. */
const working = ['Enabled', 'Enabling', 'Creating', 'Updating'];

/** Asks EventBridge and Lambda. */
export function awsTriggers({ rules, eventSources, pauseOn }: TriggerNames): TriggerStates {
  const events = new EventBridgeClient({ requestHandler: requestLimits() });
  const lambda = new LambdaClient({ requestHandler: requestLimits() });
  const isOff = async (rule: string) =>
    (await events.send(new DescribeRuleCommand({ Name: rule }))).State === 'DISABLED';
  const isStopped = async (id: string) =>
    !working.includes((await lambda.send(new GetEventSourceMappingCommand({ UUID: id }))).State ?? '');
  return {
    readTriggers: async () => {
      const [off, stopped, { Tags = [] }] = await Promise.all([
        namesWhere(rules, isOff),
        namesWhere(eventSources, isStopped),
        events.send(new ListTagsForResourceCommand({ ResourceARN: pauseOn })),
      ]);
      return { disabled: [...off, ...stopped], pause: Tags.find(({ Key }) => Key === pauseTag)?.Value };
    },
  };
}

async function namesWhere(names: readonly string[], holds: (name: string) => Promise<boolean>): Promise<string[]> {
  const held = await Promise.all(names.map(holds));
  return names.filter((_, at) => held[at]);
}
