import type { Random } from './random.ts';

/** How likely each fault of the machines is, each time it could happen, in a seed that has it. */
const ofMachines = {
  // The Data API.
  statementErrorBefore: 0.06,
  statementErrorAfter: 0.06,
  statementResuming: 0.05,
  statementAnswerLost: 0.03,
  statementSlow: 0.04,
  databaseStalls: 0.02,
  sealsStall: 0.1,
  // SQS.
  queueEntryRefused: 0.15,
  queueErrorBefore: 0.15,
  queueErrorAfter: 0.15,
  recordDuplicated: 0.25,
  recordDelayed: 0.2,
  recordDeleteLost: 0.25,
  recordsDisordered: 0.4,
  queueWiped: 0.02,
  // The gateway.
  gatewayUnreachable: 0.2,
  gatewayRequestLost: 0.15,
  gatewayRequestLate: 0.15,
  gatewayReplyLost: 0.2,
  gatewayMute: 0.015,
  gatewayBusy: 0.2,
  gatewayErrorBefore: 0.15,
  gatewayErrorAfter: 0.15,
  inquireUnanswered: 0.3,
  memberRefused: 0.3,
  gatewayRefusesAll: 0.05,
  refusesAfterLostReply: 0.3,
  // Files.
  bucketFails: 0.2,
  uploadRefusedNow: 0.2,
  uploadReplyLost: 0.2,
  // Reports.
  streamBroken: 0.1,
  streamSilent: 0.04,
  acknowledgementLost: 0.15,
  reportRepeatedLate: 0.2,
  reportContradicted: 0.1,
  failureContradicted: 0.3,
  reportForeign: 0.05,
  reportWithoutReference: 0.15,
  reportWithoutKey: 0.1,
  reportDelayed: 0.1,
  reportsLost: 1,
  // Processes: chances at each tick of the fault's clock.
  collectorKilled: 0.15,
  senderKilled: 0.4,
  receiverKilled: 0.15,
  reportMigratorKilled: 0.12,
  logMigratorKilled: 0.12,
  banlistSchedulerKilled: 0.3,
  cleanerKilled: 0.2,
  fileUploadSchedulerKilled: 0.3,
  everythingKilled: 0.05,
  receiverStopped: 0.1,
  secondReceiver: 0.1,
  firingMissed: 0.3,
  processPaused: 0.06,
  timeoutLate: 0.4,
  senderFrozen: 0.1,
  senderOversleeps: 0.2,
  clockSkewed: 1,
  // The calendar, and the operator.
  dayPasses: 1,
  monthEnds: 1,
  monthMissing: 1,
  ddlDenied: 1,
  twoAgents: 1,
  rateLowered: 0.2,
} as const;

/** Of the database's clock. It may step though nothing fails: that alone must delay nothing for long. */
const ofClock = { clockStepsBack: 0.5 } as const;

/** When the agent asks about reports, days after the send: often, for few seeds last that long. */
const ofInquiries = { inquiryUnanswered: 0.3, inquiryRefused: 0.6, inquiryMinded: 0.6 } as const;

/** The customer's habits are not faults, but the agent must cope with them all the same. */
const ofCustomers = {
  rowDeleted: 0.3,
  sentRowDeleted: 0.2,
  rowReplaced: 0.2,
  asideReplaced: 0.3,
  rowChanged: 0.3,
  rowPostponed: 0.2,
  rowGrown: 0.1,
  unsentRowChanged: 0.6,
  rowHeld: 0.3,
  rowEnded: 0.15,
  sentRowEnded: 0.1,
  rowUndated: 0.15,
  rowTouched: 0.3,
  rowWrittenBack: 0.3,
  channelOrderChanged: 0.2,
  clientKeyChanged: 0.2,
  columnsPreset: 0.3,
  rowCopiedBack: 0.5,
  columnAdded: 0.2,
  triggerRaises: 0.15,
  triggerPassesOver: 0.15,
  leaverMinded: 0.3,
  halvingMinded: 1,
  answerMinded: 0.25,
  rowReferenced: 0.15,
  numberBanned: 0.2,
  textBanned: 0.2,
  banLifted: 0.2,
  nothingBanned: 0.2,
  banListReloaded: 0.1,
  keyReused: 1,
} as const;

const likelihood = { ...ofMachines, ...ofInquiries, ...ofCustomers, ...ofClock };

export type FaultName = keyof typeof likelihood;

export const faultNames = Object.keys(likelihood).filter((name): name is FaultName => name in likelihood);

/** Rare faults: they dominate any seed that has them. */
const rare: ReadonlySet<FaultName> = new Set(['queueWiped', 'everythingKilled']);

/**
 * Which faults happen in a seed. Each seed has its own selection, separate for machines and for customers; some have none:
 * many faults at once would hide what a few show.
 */
export class Faults {
  readonly counts: Record<string, number> = {};
  readonly #random: Random;
  readonly #selected: ReadonlySet<FaultName>;
  /** Set when the faults stop. */
  over = false;

  constructor(random: Random) {
    this.#random = random;
    const [ofMachine, ofCustomer] = [random.pick([0, 0.1, 0.3, 0.6]), random.pick([0, 0.1, 0.3, 0.6])];
    const shareOf = (name: FaultName) => {
      if (name in ofClock) return 0.15;
      if (name in ofInquiries) return 0.5;
      if (name in ofCustomers) return ofCustomer;
      return rare.has(name) ? ofMachine / 3 : ofMachine;
    };
    this.#selected = new Set(faultNames.filter((name) => random.chance(shareOf(name))));
  }

  /** Whether no machine fails in this seed: then only what the customer or the clock delays is late. */
  get isCalm(): boolean {
    return [...this.#selected].every((name) => !(name in ofMachines));
  }

  /** Whether the fault happens now; counted if it does. */
  strikes(name: FaultName): boolean {
    if (this.over || !this.#selected.has(name) || !this.#random.chance(likelihood[name])) return false;
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    return true;
  }
}
