/** Why a row ends unsent. */
export interface Refusal {
  /** E9xx, or the gateway's. */
  readonly code: string;
  /** `column: rule, got value`. Written only to the row itself, which holds the value anyway. */
  readonly reason: string;
}

/** The part of a reason that may be logged: column and rule, never the value, which may be a phone number or content. */
export function ruleOf(reason: string): string {
  return reason.split(', got ', 1)[0] ?? '';
}
