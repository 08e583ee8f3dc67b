/** Buckets for each doubling: a percentile is off by at most a fortieth. */
const bucketsPerDoubling = 32;
/** From 1 µs to 2^30 µs, which is 18 minutes. */
const doublings = 30;

/** Latencies in a fixed amount of memory, however many there are. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(bucketsPerDoubling * doublings);
  #total = 0;
  #max = 0;

  add(milliseconds: number): void {
    const position = Math.floor(Math.log2(milliseconds * 1000) * bucketsPerDoubling);
    const bucket = Math.min(Math.max(position, 0), this.#counts.length - 1);
    this.#counts[bucket]!++;
    this.#total++;
    if (milliseconds > this.#max) this.#max = milliseconds;
  }

  /** In milliseconds; 0 when there is none. */
  get max(): number {
    return this.#max;
  }

  /** The latency in milliseconds that `share` (0 to 1) of all do not exceed; 0 when there is none. */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(this.#total * share));
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= rank) return Math.min(this.#max, 2 ** ((bucket + 1) / bucketsPerDoubling) / 1000);
    }
    return this.#max;
  }
}
