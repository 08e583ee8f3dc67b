import type { Lines } from '../../format/lines.ts';
import { ChunkedWrite } from '../chunked-write.ts';
import { type Device, DeviceFailure, type DeviceSettings, type WriteOutcome } from '../device.ts';
import { abortedFailure } from '../failure-reasons.ts';

const action = 'Cannot write to standard output';

/**
 * Bytes written to stdout and not flushed, shared by all devices. The next write waits for them, so that a reader who
 * is given up again and again costs one batch of memory and gets its lines whole and in order when it comes back.
 */
let backlog: Promise<void> | null = null;

/** Nobody can take the place of a reader that is gone; Node's stream does not remember the error. */
let readerGone = false;

/** Standard output that is a pipe or a socket. Descriptor 1 itself is never closed. */
export class OutputStream implements Device {
  readonly tailBytes = 0;
  readonly #settings: DeviceSettings;
  #state: 'closed' | 'open' = 'closed';

  constructor(settings: DeviceSettings) {
    this.#settings = settings;
  }

  async open(): Promise<void> {
    if (readerGone) throw closedFailure();
    if (this.#state === 'open') return;
    // Without a listener an error (EPIPE) would end the process.
    process.stdout.on('error', this.#onError);
    this.#state = 'open';
  }

  async write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    if (this.#state === 'closed' || readerGone) {
      return { settled: 0, refused: [], failure: closedFailure() };
    }
    return new Promise((resolve) => {
      let writing: ChunkedWrite | null = null;
      const settle = (failure: DeviceFailure | null): void => {
        signal.removeEventListener('abort', abort);
        writing?.stop();
        resolve({ settled: writing?.taken ?? 0, refused: [], failure });
      };
      const abort = (): void => settle(abortedFailure(action));
      const start = (): void => {
        if (signal.aborted) return;
        writing = new ChunkedWrite(process.stdout, lines, (error) => {
          settle(error === null ? null : closedFailure());
        });
      };
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      else if (process.stdout.writableLength === 0) start();
      else afterBacklog().then(start);
    });
  }

  async reopen(): Promise<void> {}

  async close(): Promise<void> {
    this.#state = 'closed';
    // The listener stays while something waits: the error would come then.
    if (process.stdout.writableLength === 0) process.stdout.off('error', this.#onError);
  }

  readonly #onError = (): void => {
    readerGone = true;
    if (this.#state === 'open') this.#settings.onLost('all', closedFailure());
  };
}

function closedFailure(): DeviceFailure {
  return new DeviceFailure('closed', `${action}: nobody reads it any more`);
}

/** Resolves when the stream holds nothing, or has failed. */
function afterBacklog(): Promise<void> {
  backlog ??= new Promise((resolve) => {
    process.stdout.write('', () => {
      backlog = null;
      resolve();
    });
  });
  return backlog;
}
