import { statSync } from 'node:fs';
import { codeOf } from '../failure-reasons.ts';
import type { Libc } from './libc.ts';

/**
 * What has become of the receiver behind a path:
 * `there`: it still listens.
 * `ended`: nobody listens any more at the socket file that is still there.
 * `replaced`: another receiver has put its own file in the place.
 * `hidden`: the file is gone or out of reach; the receiver may live on without it.
 */
export type ReceiverState = 'there' | 'ended' | 'replaced' | 'hidden';

/**
 * The receiver that a socket is connected to. The system tells a sender of UNIX datagrams of its end only when it sends
 * again; in between, it is looked for at its path. A second receiver cannot take over a socket file, it needs a new one.
 */
export class DatagramReceiver {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #path: string;
  readonly #file: string | null;

  /** Throws an error with a `code`. */
  constructor(libc: Libc, path: string) {
    this.#libc = libc;
    this.#path = path;
    // Looked at before: what takes its place from now on is another file, even if it is connected to already.
    this.#file = identityOf(path);
    this.fd = libc.connectDatagram(path);
  }

  look(): ReceiverState {
    const file = identityOf(this.#path);
    if (file === null) return 'hidden';
    try {
      this.#libc.close(this.#libc.connectDatagram(this.#path));
    } catch (error) {
      return codeOf(error) === 'ECONNREFUSED' && file === this.#file ? 'ended' : 'hidden';
    }
    return file === this.#file ? 'there' : 'replaced';
  }
}

/** Which file is at the path, links followed; `null` when it cannot be seen. */
function identityOf(path: string): string | null {
  try {
    const { dev, ino, ctimeNs } = statSync(path, { bigint: true });
    // A number of an inode is given out again as soon as its file is gone.
    return `${dev}:${ino}:${ctimeNs}`;
  } catch {
    return null;
  }
}
