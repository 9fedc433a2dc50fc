import {
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListRuleNamesByTargetCommand,
} from '@aws-sdk/client-eventbridge';
import {
  type FunctionConfiguration,
  LambdaClient,
  ListEventSourceMappingsCommand,
  paginateListFunctions,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { credentials, region } from './deployment.ts';

/** The part of the agent that an emulator runs, seen through the SDK. */
export class DeployedAgent {
  readonly #lambda: LambdaClient;
  readonly #eventBridge: EventBridgeClient;
  readonly #secrets: SecretsManagerClient;

  constructor(endpoint: string) {
    const client = { endpoint, region, credentials };
    this.#lambda = new LambdaClient(client);
    this.#eventBridge = new EventBridgeClient(client);
    this.#secrets = new SecretsManagerClient(client);
  }

  /** The agent's functions by the program that each runs (collector, sender and so on), as named in its description. */
  async functions(): Promise<Map<string, FunctionConfiguration>> {
    const found = new Map<string, FunctionConfiguration>();
    for await (const { Functions = [] } of paginateListFunctions({ client: this.#lambda }, {})) {
      for (const one of Functions) {
        const program = /^omni-agent: (.*)$/.exec(one.Description ?? '')?.[1];
        if (program !== undefined) found.set(program, one);
      }
    }
    return found;
  }

  async functionOf(program: string): Promise<FunctionConfiguration> {
    const found = (await this.functions()).get(program);
    if (found === undefined) throw new Error(`No function of the emulator runs ${program}`);
    return found;
  }

  async environmentOf(program: string): Promise<Readonly<Record<string, string>>> {
    return (await this.functionOf(program)).Environment?.Variables ?? {};
  }

  /** Pauses or resumes the schedules that fire a program's function. */
  async setSchedules(program: string, isEnabled: boolean): Promise<void> {
    const { FunctionArn } = await this.functionOf(program);
    const { RuleNames = [] } = await this.#eventBridge.send(
      new ListRuleNamesByTargetCommand({ TargetArn: FunctionArn }),
    );
    if (RuleNames.length === 0) throw new Error(`No schedule fires ${program}`);
    for (const Name of RuleNames) {
      await this.#eventBridge.send(isEnabled ? new EnableRuleCommand({ Name }) : new DisableRuleCommand({ Name }));
    }
  }

  /** Pauses or resumes the event source mappings that feed a program's function. */
  async setEventSources(program: string, isEnabled: boolean): Promise<void> {
    const { FunctionName } = await this.functionOf(program);
    const { EventSourceMappings = [] } = await this.#lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
    if (EventSourceMappings.length === 0) throw new Error(`No event source mapping feeds ${program}`);
    for (const { UUID } of EventSourceMappings) {
      await this.#lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: isEnabled }));
    }
  }

  async secret(arn: string): Promise<string> {
    const { SecretString = '' } = await this.#secrets.send(new GetSecretValueCommand({ SecretId: arn }));
    return SecretString;
  }

  async putSecret(arn: string, value: object): Promise<void> {
    await this.#secrets.send(new PutSecretValueCommand({ SecretId: arn, SecretString: JSON.stringify(value) }));
  }
}
