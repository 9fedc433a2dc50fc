import * as z from 'zod';

const share = z.number().min(0).max(1);

/** From and to, in milliseconds. */
const range = z.tuple([z.number().min(0), z.number().min(0)]);

/** How the simulated gateway and its carriers behave; shares are of all messages. */
const behaviour = z.strictObject({
  answerMs: range.default([20, 80]),
  /** From the acceptance, or the previous channel's failure, to the report of a channel. */
  reportMs: range.default([200, 2_000]),
  rejectedShare: share.default(0.05),
  /** Messages whose channel fails, among those that have another to fall back on. */
  fallbackShare: share.default(0.2),
  /** Messages whose last channel fails. */
  undeliveredShare: share.default(0.05),
  repeatedShare: share.default(0.02),
  /** Messages of which no carrier ever says what became of them. */
  unreportedShare: share.default(0),
  /** Messages whose first report leaves before the Send is answered. */
  beforeAnswerShare: share.default(0.05),
  /** Reports held back, so that later ones overtake them. */
  disorderShare: share.default(0.05),
  /** International messages with a handset receipt after the result. */
  handsetShare: share.default(0.5),
  /** The longest that a due report waits for others to share a batch with. */
  flushMs: z.number().min(1).default(500),
  heartbeatMs: z.number().min(1).default(10_000),
  /** A stream whose client is silent for this long is ended. */
  silenceMs: z.number().min(1).default(30_000),
  tokenLifetimeMs: z
    .number()
    .min(1)
    .default(24 * 3_600_000),
  keyLifetimeMs: z
    .number()
    .min(1)
    .default(24 * 3_600_000),
  /** Reports that no stream has fetched by then are dropped. */
  reportKeepMs: z
    .number()
    .min(1)
    .default(3 * 24 * 3_600_000),
  /** How long after its acceptance InquireReports knows a message. */
  inquiryMs: z
    .number()
    .min(1)
    .default(30 * 24 * 3_600_000),
});

export const simulatorOptions = z.strictObject({
  /** 0 picks a free one. */
  port: z.int().min(0).max(65_535).default(0),
  /** The address of this machine to listen on. */
  host: z.string().min(1).default('127.0.0.1'),
  /** Where its logs are kept; created if it does not exist. */
  dataDir: z.string().min(1),
  /** Decides every message's fate, together with its client_key. */
  seed: z.int(),
  /** The credentials that Token accepts. */
  clientId: z.string().min(1).default('simulator'),
  clientSecret: z.string().min(1).default('simulator'),
  behaviour: behaviour.prefault({}),
});

export type SimulatorOptions = z.input<typeof simulatorOptions>;
export type Behaviour = z.output<typeof behaviour>;
