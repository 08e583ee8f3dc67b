/** Between two attempts to connect, in milliseconds: at first, and at most. */
const firstMs = 20;
const mostMs = 2000;

/** How long to wait before connecting again: longer each time, until the other side has shown that it answers. */
export class Backoff {
  readonly #random: () => number;
  #nextMs = firstMs;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Spread, so that many clients of a sidecar that was restarted do not come at once. */
  next(): number {
    const ms = this.#nextMs * (0.5 + this.#random() / 2);
    this.#nextMs = Math.min(mostMs, this.#nextMs * 2);
    return ms;
  }

  reset(): void {
    this.#nextMs = firstMs;
  }
}
