import { unusable, wholeNumber } from './unusable-option.ts';
import type { Refusal } from './verdict.ts';

/** What is done about a call whose record is not known to be kept. */
export type RefusalChoice = 'refuse' | 'allow';

/** The same, decided for each case. One that throws or rejects refuses. */
export type RefusalRule = (refusal: Refusal) => RefusalChoice | Promise<RefusalChoice>;

/** How a client behaves; each has a default. */
export interface ClientOptions {
  /**
   * Milliseconds until a record that has no reply is given up, 5000. The sidecar answers a little after the longest
   * `write_timeout` of its devices at the latest, 2 s where nothing else is said. Replies are matched by their order,
   * so a connection on which one is missing for so long is given up, too.
   */
  readonly deadlineMs?: number;
  /** Records that are under way at a time, 512. */
  readonly window?: number;
  /** Records that wait behind those under way, 10,000; one more is refused at once. */
  readonly queue?: number;
  /** What `proceed` says of a record that is not known to be kept: `refuse`, the default, fails closed. */
  readonly onRefusal?: RefusalChoice | RefusalRule;
}

export interface ClientSettings {
  readonly path: string;
  readonly deadlineMs: number;
  readonly window: number;
  readonly queue: number;
  readonly onRefusal: RefusalChoice | RefusalRule;
}

/** Throws a `TypeError` that names the option which cannot be used. */
export function settingsOf(path: string, options: ClientOptions): ClientSettings {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new TypeError('Cannot connect: wanted the path of the UNIX socket of an ingest listener');
  }
  const onRefusal = options.onRefusal ?? 'refuse';
  if (onRefusal !== 'refuse' && onRefusal !== 'allow' && typeof onRefusal !== 'function') {
    throw unusable('onRefusal', '"refuse", "allow" or a function');
  }
  return Object.freeze({
    path,
    deadlineMs: wholeNumber('deadlineMs', options.deadlineMs ?? 5000, 1),
    window: wholeNumber('window', options.window ?? 512, 1),
    queue: wholeNumber('queue', options.queue ?? 10_000, 1),
    onRefusal,
  });
}
