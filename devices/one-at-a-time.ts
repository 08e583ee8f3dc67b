interface Waiting {
  readonly begin: () => void;
  readonly goesFirst: boolean;
}

/**
 * Work on one thing, a piece after the other: the next begins when the one before has ended, however that ended. For what
 * is done with every write: `p-queue`, which orders all else, keeps a `Map` of what it runs, and each change of that leaves a
 * table that leads to the next one. Once the engine has moved one of them among its old objects, all the later ones are kept
 * until the next full collection: half a megabyte in a thousand writes, and a collection every 40 ms instead of one in minutes.
 */
export class OneAtATime {
  #busy = false;
  #waiting: Waiting[] = [];

  /** Whether something is under way. */
  get isBusy(): boolean {
    return this.#busy;
  }

  /** Whether something waits that goes first. */
  get isAsked(): boolean {
    return this.#waiting.some(({ goesFirst }) => goesFirst);
  }

  /** Begins at once when nothing is under way, otherwise behind all that waits. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#busy ? this.#later(work, false) : this.#do(work);
  }

  /** Waits for nothing but what is under way, and for what came before it in this way. */
  runFirst<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#busy ? this.#later(work, true) : this.#do(work);
  }

  async #later<Result>(work: () => Promise<Result>, goesFirst: boolean): Promise<Result> {
    await new Promise<void>((begin) => {
      this.#waiting.push({ begin, goesFirst });
    });
    return this.#do(work);
  }

  async #do<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  /** Stays busy until the one that is called has begun, which is a little later: nobody comes between. */
  #next(): void {
    if (this.#waiting.length === 0) {
      this.#busy = false;
      return;
    }
    const at = this.#waiting.findIndex(({ goesFirst }) => goesFirst);
    const [next] = this.#waiting.splice(Math.max(at, 0), 1);
    next!.begin();
  }
}
