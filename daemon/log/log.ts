import { formatLine, type LineStyle, type LogFields, type LogLevel } from './log-line.ts';

export type { LogFields, LogLevel } from './log-line.ts';

/** What the daemon says about itself: one line an event. Record content and salts do not belong in it. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** What a reload can change. */
export interface LogView {
  readonly format: 'text' | 'json';
  /** Events below it are not written. */
  readonly level: LogLevel;
}

/** Where lines go; it stays, whatever they look like. */
export interface LogOutput {
  /** Takes a whole line, with its line end. A line that the output adds is to be in the same style. */
  readonly write: (line: string, style: LineStyle) => void;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
  /** Whether lines begin with their priority, for the journal. */
  readonly priority: boolean;
}

/** A log whose format and level a reload can change. */
export interface SwitchableLog extends Log {
  use(view: LogView): void;
}

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const silent = (): void => {};

/** Neither making a log nor writing to it throws or waits, as long as the output does not. */
export function createLog(view: LogView, output: LogOutput): SwitchableLog {
  let log = logAs(view, output);
  return {
    debug: (event, fields) => log.debug(event, fields),
    info: (event, fields) => log.info(event, fields),
    warn: (event, fields) => log.warn(event, fields),
    error: (event, fields) => log.error(event, fields),
    use(next) {
      log = logAs(next, output);
    },
  };
}

function logAs(view: LogView, { write, now, priority }: LogOutput): Log {
  const style: LineStyle = { json: view.format === 'json', priority };
  const at = (level: LogLevel): ((event: string, fields?: LogFields) => void) => {
    if (rank[level] < rank[view.level]) return silent;
    return (event, fields) => write(formatLine(style, now(), level, event, fields ?? {}), style);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
