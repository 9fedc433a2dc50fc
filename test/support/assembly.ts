import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A resource as a template has it. */
export interface TemplateResource {
  Type: string;
  Properties?: Record<string, unknown>;
  Condition?: string;
}

export interface TemplateStack {
  Resources: Record<string, TemplateResource>;
  Outputs?: Record<string, unknown>;
}

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'omni-agent-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** A cloud assembly of these stacks; each program becomes an asset of its name, with the text as its index.mjs. */
export function writeAssembly(stacks: Record<string, TemplateStack>, programs: Record<string, string> = {}): string {
  const dir = temporaryFolder();
  const write = (file: string, content: unknown) => writeFileSync(join(dir, file), JSON.stringify(content));
  const artifacts: Record<string, unknown> = {
    assets: { type: 'cdk:asset-manifest', properties: { file: 'all.assets.json' } },
  };
  for (const [stack, template] of Object.entries(stacks)) {
    const templateFile = `${stack}.template.json`;
    artifacts[stack] = { type: 'aws:cloudformation:stack', properties: { templateFile } };
    write(templateFile, template);
  }
  write('manifest.json', { artifacts });
  for (const [name, text] of Object.entries(programs)) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'index.mjs'), text);
  }
  const names = Object.keys(programs);
  write('all.assets.json', {
    files: Object.fromEntries(names.map((name) => [name, { source: { path: name } }])),
    dockerImages: Object.fromEntries(names.map((name) => [`${name}-image`, { source: { directory: name } }])),
  });
  return dir;
}

export function aFunction(asset: string, properties: Record<string, unknown> = {}): TemplateResource {
  const Code = { S3Bucket: { 'Fn::Sub': `assets-\${AWS::AccountId}` }, S3Key: `${asset}.zip` };
  return {
    Type: 'AWS::Lambda::Function',
    Properties: { Code, Handler: 'index.handler', Runtime: 'nodejs24.x', ...properties },
  };
}

export function aQueue(properties: Record<string, unknown> = {}): TemplateResource {
  return { Type: 'AWS::SQS::Queue', Properties: properties };
}

export function anEventSource(properties: Record<string, unknown> = {}): TemplateResource {
  return {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      FunctionName: { Ref: 'Worker' },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
      ...properties,
    },
  };
}

export function aSchedule(target: string, properties: Record<string, unknown> = {}): TemplateResource {
  const RetryPolicy = { MaximumRetryAttempts: 0 };
  return {
    Type: 'AWS::Events::Rule',
    Properties: {
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [{ Arn: { 'Fn::GetAtt': [target, 'Arn'] }, Id: 'Target0', RetryPolicy }],
      ...properties,
    },
  };
}

export function aTask(asset: string, container: Record<string, unknown> = {}): TemplateResource {
  const Image = { 'Fn::Sub': `\${AWS::AccountId}.dkr.ecr.\${AWS::Region}.\${AWS::URLSuffix}/assets:${asset}-image` };
  return { Type: 'AWS::ECS::TaskDefinition', Properties: { ContainerDefinitions: [{ Image, ...container }] } };
}
