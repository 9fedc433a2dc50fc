import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { OmniAgent } from '../../lib/omni-agent.ts';
import type { OmniAgentProps } from '../../lib/omni-agent-props.ts';

/** What a person must say, in profile aws. */
export const required = { gatewayUrl: 'grpcs://gateway.example.com:443', alarmTopicArn: 'none' };

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
}

/** The templates of an app, by the stacks' names. */
export function templatesOf(app: App): Record<string, Template> {
  const stacks = app.node.findAll().filter((one): one is Stack => Stack.isStack(one));
  return Object.fromEntries(stacks.map((stack) => [stack.stackName, Template.fromStack(stack)]));
}

/** The templates of an agent with these settings. */
export function synthesizeAgent(props: Partial<OmniAgentProps> = {}): Record<string, Template> {
  const app = new App();
  new OmniAgent(app, 'OmniAgent', { ...required, ...props });
  return templatesOf(app);
}

export function resourcesOf(template: Template | undefined): Record<string, Resource> {
  return template?.toJSON()['Resources'] ?? {};
}

export function typesOf(template: Template | undefined): string[] {
  return Object.values(resourcesOf(template)).map(({ Type }) => Type);
}
