import { formatLine, type LogFields, type LogLevel } from './log-line.ts';
import { goesToJournal, writeToStderr } from './log-stderr.ts';

export type { LogFields, LogLevel } from './log-line.ts';

/** What the daemon says about itself: one line an event. Record content and salts do not belong in it. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export interface LogOptions {
  readonly format: 'text' | 'json';
  /** Events below it are not written. */
  readonly level: LogLevel;
  /** Takes whole lines, with their line end, instead of stderr. */
  readonly write?: (line: string) => void;
  /** Wall-clock milliseconds. */
  readonly now?: () => number;
}

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const silent = (): void => {};

/** Neither making a log nor writing to it throws or waits. */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? writeToStderr(options.format);
  const now = options.now ?? Date.now;
  const style = {
    json: options.format === 'json',
    priority: options.write === undefined && goesToJournal(),
  };
  const at = (level: LogLevel): ((event: string, fields?: LogFields) => void) => {
    if (rank[level] < rank[options.level]) return silent;
    return (event, fields) => write(formatLine(style, now(), level, event, fields ?? {}));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A log whose format and level a reload can change. */
export interface SwitchableLog extends Log {
  use(options: LogOptions): void;
}

export function createSwitchableLog(options: LogOptions): SwitchableLog {
  let log = createLog(options);
  return {
    debug: (event, fields) => log.debug(event, fields),
    info: (event, fields) => log.info(event, fields),
    warn: (event, fields) => log.warn(event, fields),
    error: (event, fields) => log.error(event, fields),
    use(changed) {
      log = createLog(changed);
    },
  };
}
