import * as z from 'zod';
import type { Part } from './part.ts';

/** The units of settings, each with its name in Korean. */
export const unitsInKorean = {
  'messages/s': '건/초',
  messages: '건',
  senders: '개',
  s: '초',
  ms: 'ms',
  min: '분',
  h: '시간',
  requests: '건',
  days: '일',
  ACU: 'ACU',
} as const;

/** What docs/settings.md and docs/ko/settings.md say of a setting beside its default and what it expects. */
export interface AboutSetting {
  /** One sentence. */
  readonly meaning: string;
  /** The same in Korean. */
  readonly korean: string;
  /** The setting of the original agent that it takes the place of. */
  readonly original?: string;
  readonly unit?: keyof typeof unitsInKorean;
  /** Who has it in the environment; the CDK app reads every setting. */
  readonly readBy?: readonly (Part | 'omni-agent')[];
}

export const aboutSettings = z.registry<AboutSetting>();
