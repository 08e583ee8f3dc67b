import { formatLine, type LineStyle, type LogFields, type LogLevel } from './log-line.ts';
import { goesToJournal, writeToStderr } from './log-stderr.ts';

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

export interface LogOptions extends LogView {
  /** Takes whole lines, with their line end, instead of stderr. */
  readonly write?: (line: string) => void;
  /** Wall-clock milliseconds. */
  readonly now?: () => number;
}

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const silent = (): void => {};

/** Neither making a log nor writing to it throws or waits. */
export function createLog(options: LogOptions): Log {
  return logTo(outputOf(options), options);
}

/** A log whose format and level a reload can change. */
export interface SwitchableLog extends Log {
  use(view: LogView): void;
}

export function createSwitchableLog(options: LogOptions): SwitchableLog {
  // Made once: a new one would listen to stderr again, and not know how many lines were left out.
  const output = outputOf(options);
  let log = logTo(output, options);
  return {
    debug: (event, fields) => log.debug(event, fields),
    info: (event, fields) => log.info(event, fields),
    warn: (event, fields) => log.warn(event, fields),
    error: (event, fields) => log.error(event, fields),
    use(view) {
      log = logTo(output, view);
    },
  };
}

/** Where lines go; it stays, whatever they look like. */
interface Output {
  readonly write: (line: string, style: LineStyle) => void;
  readonly now: () => number;
  readonly priority: boolean;
}

function outputOf({ write, now = Date.now }: LogOptions): Output {
  return write === undefined
    ? { write: writeToStderr(), now, priority: goesToJournal() }
    : { write: (line) => write(line), now, priority: false };
}

function logTo({ write, now, priority }: Output, view: LogView): Log {
  const style: LineStyle = { json: view.format === 'json', priority };
  const at = (level: LogLevel): ((event: string, fields?: LogFields) => void) => {
    if (rank[level] < rank[view.level]) return silent;
    return (event, fields) => write(formatLine(style, now(), level, event, fields ?? {}), style);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
