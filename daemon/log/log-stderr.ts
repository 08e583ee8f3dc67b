import { fstatSync, writeSync } from 'node:fs';
import type { LogOutput } from './log.ts';
import { formatLine } from './log-line.ts';

/** What a reader that has stopped may cost. A journal that restarts is back long before this is full. */
const maxWaitingBytes = 1024 * 1024;

/**
 * Writes lines to stderr and never waits for who reads it: Node writes to a pipe or socket at once when there is room,
 * and otherwise keeps the bytes. Past a limit lines are left out, and the next one that goes through says how many,
 * in that one's style. Made once in a process: it listens to stderr for good.
 */
export function stderrOutput(): LogOutput {
  const write = lineWriter();
  let leftOut = 0;
  return {
    now: Date.now,
    priority: goesToJournal(),
    write(line, style) {
      if (leftOut > 0) {
        if (!write(formatLine(style, Date.now(), 'warn', 'log lines left out', { count: leftOut }))) {
          leftOut++;
          return;
        }
        leftOut = 0;
      }
      if (!write(line)) leftOut++;
    },
  };
}

/**
 * Whether stderr is the journal's own socket: it sets JOURNAL_STREAM to the device and inode number (systemd.exec(5)).
 * The variable alone says little: whatever is started from a service inherits it, with stderr sent elsewhere.
 */
function goesToJournal(): boolean {
  try {
    const { dev, ino } = fstatSync(2, { bigint: true });
    return process.env['JOURNAL_STREAM'] === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** A function that says whether it took the line. */
function lineWriter(): (line: string) => boolean {
  if (!isStream()) {
    return (line) => {
      try {
        writeSync(2, line);
        return true;
      } catch {
        return false;
      }
    };
  }
  const { stderr } = process;
  // A reader that went away is no reason to end the daemon.
  stderr.on('error', () => {});
  return (line) => {
    if (stderr.destroyed || stderr.writableLength > maxWaitingBytes) return false;
    stderr.write(line);
    return true;
  };
}

function isStream(): boolean {
  try {
    const found = fstatSync(2);
    return found.isFIFO() || found.isSocket();
  } catch {
    return false;
  }
}
