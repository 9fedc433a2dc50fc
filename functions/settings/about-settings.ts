import * as z from 'zod';
import type { Part } from './part.ts';

/** What docs/settings.md says of a setting beside its default and what it expects. */
export interface AboutSetting {
  /** One sentence. */
  readonly meaning: string;
  /** The setting of the original agent that it takes the place of. */
  readonly original?: string;
  readonly unit?: string;
  /** Who has it in the environment; the CDK app reads every setting. */
  readonly readBy?: readonly (Part | 'omni-agent')[];
}

export const aboutSettings = z.registry<AboutSetting>();
