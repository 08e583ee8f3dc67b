/**
 * How much of what was sent as datagrams the receiver may not have read yet. The system tells how much lies in its queue, and
 * empties that when the receiver ends: what is seen there counts only when the receiver is known to live after that.
 */
export class UnreadBytes {
  #sent = 0;
  /** Bytes from the start that were read if the receiver has lived until it was looked. */
  #seen = 0;
  /** Bytes from the start that were read for certain. */
  #read = 0;

  /** The last bytes sent, so many at most, may be unread. */
  get most(): number {
    return this.#sent - this.#read;
  }

  /** A datagram was taken, which tells that the receiver lives. */
  add(bytes: number): void {
    this.#read = this.#seen;
    this.#sent += bytes;
  }

  /** `queued`: what the system says of the queue, at least as much as lies there; `null` when it says nothing. */
  see(queued: number | null): void {
    if (queued !== null) this.#seen = Math.max(this.#seen, this.#sent - queued);
  }

  /** The receiver lives, later than what was seen last. */
  believe(): void {
    this.#read = this.#seen;
  }
}
