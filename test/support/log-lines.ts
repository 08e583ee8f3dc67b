import { createLog, type SwitchableLog } from '../../daemon/log/log.ts';
import type { LogLevel } from '../../daemon/log/log-line.ts';

/** A log whose lines of that level and above end up in `lines`, all at the beginning of 1970. */
export function logInto(lines: string[], level: LogLevel, format: 'text' | 'json' = 'text'): SwitchableLog {
  const write = (line: string): void => {
    lines.push(line);
  };
  return createLog({ format, level }, { write, now: () => 0, priority: false });
}
