import { loadLibc } from '../../devices/transport/libc.ts';
import type { Log } from '../log/log.ts';

/** How long the process may take to end by itself once everything is closed and logged. */
const patienceMs = 250;

/** What Node calls the work of its threads, and what it is here. Nobody can end it: it comes back or it does not. */
const threadWork: ReadonlyMap<string, string> = new Map([
  ['GetAddrInfoReqWrap', 'name lookup'],
  ['GetNameInfoReqWrap', 'name lookup'],
  ['FSReqCallback', 'file'],
  ['FSReqPromise', 'file'],
]);

/**
 * Lets the process end with `code` although a name lookup or a file hangs: Node waits for its threads at every end of
 * its own, `process.exit` included, and a name server that does not answer makes that many seconds. Where koffi is
 * not there to ask the system for it, Node waits.
 */
export function leaveBehind(code: number, log: Log): void {
  const timer = setTimeout(() => {
    const work = process.getActiveResourcesInfo().flatMap((each) => threadWork.get(each) ?? []);
    const libc = loadLibc();
    if (libc === null || work.length === 0) return;
    // What was answered as recorded is out already; this is what was said to people.
    if (process.stdout.writableLength + process.stderr.writableLength > 0) leaveBehind(code, log);
    else {
      log.warn('work left behind', { what: [...new Set(work)].join(', '), calls: work.length });
      libc.exit(code);
    }
  }, patienceMs);
  timer.unref();
}
