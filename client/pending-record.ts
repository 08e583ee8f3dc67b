import type { Refusal } from './verdict.ts';

/** A record whose caller waits. */
export class PendingRecord {
  readonly line: Buffer;
  /** When its caller is told that there is no reply, in monotonic milliseconds. */
  readonly deadline: number;
  /** When it was written to the present connection. */
  writtenAt = 0;
  #tell: ((outcome: 'recorded' | Refusal) => void) | null;

  constructor(line: Buffer, deadline: number, tell: (outcome: 'recorded' | Refusal) => void) {
    this.line = line;
    this.deadline = deadline;
    this.#tell = tell;
  }

  /** Its caller has heard: it is not sent again, and only its reply is still waited for. */
  get isSettled(): boolean {
    return this.#tell === null;
  }

  /** Whether that was the first word to its caller. */
  settle(outcome: 'recorded' | Refusal): boolean {
    const tell = this.#tell;
    this.#tell = null;
    tell?.(outcome);
    return tell !== null;
  }
}
