import { readFileSync } from 'node:fs';
import type { Config } from '../../config/config.ts';

/** Node's own, the standard streams, the lock, half-open listeners and files that are read for a moment. */
const own = 64;

/** What the API (128) and the monitoring (64) let in. */
const callers = 192;

/** A device's salt, its file or connection, the one that takes its place, and a folder on the way there. */
const ofDevice = 4;

/** A listener's socket, and the one that takes its place. */
const ofListener = 2;

/**
 * What to do when this process may not have as many files and connections open as a configuration asks for; `null` when it
 * may. `devices`: with those of the API.
 */
export function openFilesFault(config: Pick<Config, 'limits' | 'listeners'>, devices: number): string | null {
  const { limits, listeners } = config;
  const wanted =
    own + callers + limits.connections + ofDevice * devices + ofListener * (listeners.length + 3);
  const most = openFilesLimit();
  if (most === null || most >= wanted) return null;
  return (
    `Cannot have as many files and connections open as the configuration asks for: this process may have ${most}, wanted ` +
    `${wanted} (limits.connections is ${limits.connections}): set LimitNOFILE=${wanted} in the unit (ulimit -n without one), or lower limits.connections`
  );
}

/** Node raises the soft limit to the hard one when it starts. `null`: there is none, or it cannot be asked. */
function openFilesLimit(): number | null {
  try {
    const found = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}
