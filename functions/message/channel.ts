/** The channels a message can travel on, by the names that `channel_order` uses. */
export const Channel = {
  Sms: 'sms',
  Mms: 'mms',
  Rcs: 'rcs',
  Alimtalk: 'alimtalk',
  Friendtalk: 'friendtalk',
  Brandmessage: 'brandmessage',
  International: 'international',
} as const;

export type Channel = (typeof Channel)[keyof typeof Channel];

/** The lanes, most urgent first: each has a queue of its own and a share of the sending. */
export const Priority = { VeryFast: 'veryfast', Fast: 'fast', Slow: 'slow' } as const;

export type Priority = (typeof Priority)[keyof typeof Priority];

export const priorities: readonly Priority[] = [Priority.VeryFast, Priority.Fast, Priority.Slow];
