import { visibleJson } from '../../config/visible-text.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export interface LineStyle {
  readonly json: boolean;
  /** A line begins with its priority in angle brackets, which the journal takes off again (sd-daemon(3)). */
  readonly priority: boolean;
}

const priorities: Readonly<Record<LogLevel, string>> = {
  debug: '<7>',
  info: '<6>',
  warn: '<4>',
  error: '<3>',
};

/** Characters: enough for any path or message of ours. The journal splits lines of 48 KiB and over (LineMax). */
const maxValueLength = 2000;

const plainText = /^[^\s"=\\\p{C}]+$/u;

/** One event as one line with its line end, whatever is in the values. */
export function formatLine(
  style: LineStyle,
  wallTimeMs: number,
  level: LogLevel,
  event: string,
  fields: LogFields,
): string {
  const prefix = style.priority ? priorities[level] : '';
  if (style.json) {
    const entry: Record<string, string | number | boolean | null> = {
      time: new Date(wallTimeMs).toISOString(),
      level,
      event: shortened(event),
    };
    for (const [key, value] of Object.entries(fields)) {
      // A field cannot take the place of the three above.
      entry[key in entry ? `${key}_` : key] = typeof value === 'string' ? shortened(value) : value;
    }
    return `${prefix}${visibleJson(JSON.stringify(entry))}\n`;
  }
  // The journal keeps time and level itself.
  const start = style.priority ? '' : `${new Date(wallTimeMs).toISOString()} ${level.padEnd(5)} `;
  let line = `${prefix}${start}${visibleJson(JSON.stringify(shortened(event)).slice(1, -1))}`;
  for (const [key, value] of Object.entries(fields)) line += ` ${textOf(key)}=${textOf(value)}`;
  return `${line}\n`;
}

function textOf(value: string | number | boolean | null): string {
  const text = shortened(String(value));
  return plainText.test(text) ? text : visibleJson(JSON.stringify(text));
}

function shortened(text: string): string {
  return text.length <= maxValueLength ? text : `${text.slice(0, maxValueLength)}…`;
}
