/** Why a row ends unsent. */
export interface Refusal {
  /** E9xx, or the gateway's. */
  readonly code: string;
  /** `column: rule, got value`: for the row itself, which holds the value anyway. */
  readonly reason: string;
}

/** The reason as a log line may have it: column and rule, never the value, which may be a number or a content. */
export function ruleOf(reason: string): string {
  return reason.split(', got ', 1)[0] ?? '';
}
