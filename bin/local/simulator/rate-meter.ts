/** Keeps the peak: the most messages in any window of a given length that ends with an arrival. */
export class RateMeter {
  readonly #windowMs: number;
  readonly #arrivals: { at: number; count: number }[] = [];
  #inWindow = 0;
  peak = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** `at` is in milliseconds and never decreases. */
  record(at: number, count: number): void {
    this.#arrivals.push({ at, count });
    this.#inWindow += count;
    for (let oldest = this.#arrivals[0]; oldest && at - oldest.at >= this.#windowMs; oldest = this.#arrivals[0]) {
      this.#inWindow -= oldest.count;
      this.#arrivals.shift();
    }
    this.peak = Math.max(this.peak, this.#inWindow);
  }
}
