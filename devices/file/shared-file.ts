import PQueue from 'p-queue';

/** Which file it is, whatever its name. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/**
 * What the devices of this process share that have one file open: after a reload, the new one and the old, which may
 * be in the midst of a line. Each appends and mends in its turn, so that no line is mended that is still being written.
 */
export class SharedFile {
  static readonly #all = new Map<string, SharedFile>();

  /** `doubtful`: it may end in half a line, which is to be mended before anything else is appended. */
  tail: 'whole' | 'doubtful' = 'doubtful';
  readonly #turns = new PQueue({ concurrency: 1 });
  readonly #key: string;
  #holders = 0;

  private constructor(key: string) {
    this.#key = key;
  }

  static hold({ device, inode }: FileIdentity): SharedFile {
    const key = `${device}:${inode}`;
    const shared = SharedFile.#all.get(key) ?? new SharedFile(key);
    SharedFile.#all.set(key, shared);
    shared.#holders++;
    return shared;
  }

  /** Once for each `hold`. */
  release(): void {
    if (--this.#holders === 0) SharedFile.#all.delete(this.#key);
  }

  /** Whether somebody appends to it right now. */
  get isBusy(): boolean {
    return this.#turns.pending + this.#turns.size > 0;
  }

  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#turns.add(work);
  }
}
