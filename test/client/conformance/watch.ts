/** What was wanted of a client, and what was seen instead. */
export class Broken extends Error {
  readonly wanted: string;
  readonly seen: string;

  constructor(wanted: string, seen: string) {
    super(`wanted ${wanted}, seen ${seen}`);
    this.wanted = wanted;
    this.seen = seen;
  }
}

/** Told of all that happens in a scenario, and waits for what should happen. */
export class Watch {
  readonly #patienceMs: number;
  #broken: Broken | null = null;
  #look: () => void = () => {};

  /** How long a client may take for what it has to do. It ends a scenario that has failed; none passes by it. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  happened(): void {
    this.#look();
  }

  /** Ends the scenario, whatever it waits for. */
  break(broken: Broken): void {
    this.#broken ??= broken;
    this.#look();
  }

  /** Waits until that holds. */
  async until(wanted: string, holds: () => boolean, seen: () => string): Promise<void> {
    let patience: NodeJS.Timeout | null = null;
    await new Promise<void>((resolve, reject) => {
      this.#look = () => {
        if (this.#broken !== null) reject(this.#broken);
        else if (holds()) resolve();
      };
      patience = setTimeout(
        () => reject(new Broken(wanted, `${seen()} after ${this.#patienceMs} ms`)),
        this.#patienceMs,
      );
      this.#look();
    }).finally(() => {
      clearTimeout(patience!);
      this.#look = () => {};
    });
  }
}
