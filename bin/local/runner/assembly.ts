import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../usage-error.ts';

/** A resource of a template, its properties not yet parsed. */
export interface Resource {
  /** The stack's name. */
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly hasCondition: boolean;
}

/** A cloud assembly as `cdk synth` writes it. */
export interface Assembly {
  readonly resources: readonly Resource[];
  /** The value of each output, by `<stack>.<output>`, to be resolved in that stack. */
  readonly outputs: ReadonlyMap<string, unknown>;
  /** Folder of each asset, by its hash. */
  readonly assets: ReadonlyMap<string, string>;
}

const manifestFile = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z
        .looseObject({
          templateFile: z.string().optional(),
          stackName: z.string().optional(),
          file: z.string().optional(),
        })
        .optional(),
    }),
  ),
});

const templateFile = z.object({
  Resources: z
    .record(
      z.string(),
      z.object({
        Type: z.string(),
        Properties: z.record(z.string(), z.unknown()).default({}),
        Condition: z.string().optional(),
      }),
    )
    .default({}),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })).default({}),
});

const assetsFile = z.object({
  files: z.record(z.string(), z.object({ source: z.object({ path: z.string() }) })).default({}),
  dockerImages: z.record(z.string(), z.object({ source: z.object({ directory: z.string() }) })).default({}),
});

export function readAssemblyFiles(dir: string): Assembly {
  const manifest = readJson(dir, 'manifest.json', manifestFile);
  const resources: Resource[] = [];
  const outputs = new Map<string, unknown>();
  const assets = new Map<string, string>();
  for (const [artifact, { type, properties }] of Object.entries(manifest.artifacts)) {
    const stack = properties?.stackName ?? artifact;
    if (type === 'aws:cloudformation:stack' && properties?.templateFile !== undefined) {
      const template = readJson(dir, properties.templateFile, templateFile);
      for (const [logicalId, { Type, Properties, Condition }] of Object.entries(template.Resources)) {
        const hasCondition = Condition !== undefined;
        resources.push({ stack, logicalId, type: Type, properties: Properties, hasCondition });
      }
      for (const [name, { Value }] of Object.entries(template.Outputs)) outputs.set(`${stack}.${name}`, Value);
    }
    if (type === 'cdk:asset-manifest' && properties?.file !== undefined) {
      const { files, dockerImages } = readJson(dir, properties.file, assetsFile);
      for (const [hash, { source }] of Object.entries(files)) assets.set(hash, join(dir, source.path));
      for (const [hash, { source }] of Object.entries(dockerImages)) assets.set(hash, join(dir, source.directory));
    }
  }
  return { resources, outputs, assets };
}

function readJson<T>(dir: string, file: string, schema: z.ZodType<T>): T {
  const path = join(dir, file);
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : String(error);
    throw new UsageError(`${path}: expected a file of a cloud assembly: ${reason}`);
  }
}
