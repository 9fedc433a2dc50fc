import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { OmniAgent } from '../../../lib/omni-agent.ts';
import type { OmniAgentProps } from '../../../lib/omni-agent-props.ts';
import { addUp, type Inventory, takeInventory } from './inventory.ts';

const settings = {
  gatewayUrl: 'grpcs://gateway.example.com:443',
  alarmTopicArn: 'arn:aws:sns:ap-northeast-2:111122223333:alarms',
};

/** What is paid for of an agent with these settings. */
export function inventoryOf(props: Partial<OmniAgentProps> = {}): Inventory {
  const outdir = mkdtempSync(join(tmpdir(), 'omni-agent-costs-'));
  try {
    const app = new App({ outdir });
    const agent = new OmniAgent(app, 'OmniAgent', { ...settings, ...props });
    const assembly = app.synth();
    const stacks = agent.node.findAll().filter((one): one is Stack => Stack.isStack(one));
    return addUp(
      stacks.map(({ artifactId }) => takeInventory(assembly.getStackArtifact(artifactId).template.Resources ?? {})),
    );
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

export interface Scenario {
  readonly what: string;
  readonly inventory: Inventory;
}

/** The same agent where some of it exists already. */
export function scenariosOf(alone: Inventory) {
  const ownNetwork = { natGateways: 0, publicAddresses: 0 };
  // The master's secret and the alarm on capacity are the cluster's.
  const ownCluster = { capacity: 0, secrets: alone.secrets - 1, alarms: alone.alarms - 1 };
  return {
    alone: { what: 'all its own', inventory: alone },
    natInstance: {
      what: 'a NAT instance instead of the NAT gateway',
      inventory: { ...alone, natGateways: 0, natInstances: 1 },
    },
    ownNetwork: { what: 'your network and its NAT', inventory: { ...alone, ...ownNetwork } },
    ownCluster: { what: 'your Aurora cluster', inventory: { ...alone, ...ownCluster } },
    ownBoth: { what: 'your cluster, network and NAT', inventory: { ...alone, ...ownNetwork, ...ownCluster } },
  } as const satisfies Readonly<Record<string, Scenario>>;
}
