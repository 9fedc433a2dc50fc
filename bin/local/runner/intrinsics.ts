import * as z from 'zod';
import { UsageError } from '../usage-error.ts';
import type { Assembly, Resource } from './assembly.ts';

export const accountId = '000000000000';
export const region = 'ap-northeast-2';

const pseudoParameters: Readonly<Record<string, string>> = {
  'AWS::AccountId': accountId,
  'AWS::Partition': 'aws',
  'AWS::Region': region,
  'AWS::URLSuffix': 'amazonaws.com',
};

/** What CloudFormation would return for `Ref` and `Fn::GetAtt`, for a resource that exists on this machine. */
export interface LocalNames {
  ref(resource: Resource): string;
  attribute(resource: Resource, name: string): string;
}

const text = z.string();
/** How stacks of one account and region refer to each other. */
const stackOutput = z.object({ StackName: text, OutputName: text });
const oneKey = z.record(z.string(), z.unknown()).refine((value) => Object.keys(value).length === 1);

/** Resolves CloudFormation's intrinsic functions in the properties of a resource. */
export class Resolver {
  readonly #assembly: Assembly;
  readonly #names: LocalNames;

  constructor(assembly: Assembly, names: LocalNames) {
    this.#assembly = assembly;
    this.#names = names;
  }

  /** The value with every function in it resolved; `where` names the resource and property in errors. */
  resolve(value: unknown, stack: string, where: string): unknown {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item, stack, where));
    if (value === null || typeof value !== 'object') return value;
    const call = oneKey.safeParse(value);
    const [name, argument] = call.success ? (Object.entries(call.data)[0] ?? ['', undefined]) : ['', undefined];
    if (name === 'Ref' || name.startsWith('Fn::')) return this.#call(name, argument, { stack, where });
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.resolve(item, stack, where)]));
  }

  #call(name: string, argument: unknown, at: { stack: string; where: string }): unknown {
    const resolved = (value: unknown) => this.resolve(value, at.stack, at.where);
    try {
      switch (name) {
        case 'Ref':
          return this.#ref(text.parse(argument), at.stack);
        case 'Fn::GetAtt':
          return this.#attribute(z.tuple([text, text]).parse(argument), at.stack);
        case 'Fn::Join': {
          const [separator, parts] = z.tuple([text, z.array(text)]).parse(resolved(argument));
          return parts.join(separator);
        }
        case 'Fn::Split': {
          const [separator, whole] = z.tuple([text, text]).parse(resolved(argument));
          return whole.split(separator);
        }
        case 'Fn::Select': {
          const [index, items] = z.tuple([z.coerce.number(), z.array(z.unknown())]).parse(resolved(argument));
          if (index in items) return items[index];
          throw new Error(`expected an index below ${items.length}, got ${index}`);
        }
        case 'Fn::Sub':
          return this.#substitute(argument, at.stack, resolved);
        case 'Fn::GetStackOutput':
          return this.#output(stackOutput.parse(resolved(argument)));
        default:
          throw new Error('the runner does not know this function');
      }
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const reason =
        error instanceof z.ZodError ? error.issues[0]?.message : error instanceof Error ? error.message : error;
      throw new UsageError(`${at.where}: cannot resolve ${name}: ${reason}`);
    }
  }

  /** `${Name}`, `${Name.Attribute}`, names of the call's own map, and `${!literal}`. */
  #substitute(argument: unknown, stack: string, resolved: (value: unknown) => unknown): string {
    const both = z.tuple([text, z.record(text, z.unknown())]);
    const [template, own] = both.parse(Array.isArray(argument) ? argument : [argument, {}]);
    return template.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(own, name)) return text.parse(resolved(own[name]));
      const [logicalId = '', ...attribute] = name.split('.');
      return attribute.length > 0 ? this.#attribute([logicalId, attribute.join('.')], stack) : this.#ref(name, stack);
    });
  }

  #attribute([logicalId, name]: [string, string], stack: string): string {
    return this.#names.attribute(this.#find(logicalId, stack), name);
  }

  #ref(name: string, stack: string): string {
    if (name === 'AWS::StackName') return stack;
    return pseudoParameters[name] ?? this.#names.ref(this.#find(name, stack));
  }

  #output({ StackName, OutputName }: z.output<typeof stackOutput>): string {
    const name = `${StackName}.${OutputName}`;
    const found = this.#assembly.outputs.get(name);
    if (found === undefined) throw new Error(`no output ${name}`);
    return text.parse(this.resolve(found, StackName, name));
  }

  #find(logicalId: string, stack: string): Resource {
    const found = this.#assembly.resources.find((one) => one.logicalId === logicalId && one.stack === stack);
    if (found === undefined) throw new Error(`no resource ${logicalId} in stack ${stack}`);
    return found;
  }
}
