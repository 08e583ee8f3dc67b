import { hostname } from 'node:os';

/** Severity informational (RFC 5424, table 2): what OpenBao logs its entries with. */
const severity = 6;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What stands before the line in a syslog message. */
export interface HeaderOptions {
  readonly rfc: '5424' | '3164';
  /** 0 to 23. */
  readonly facility: number;
  readonly tag: string;
  /** RFC 3164 only: the local logger knows its host's name and takes none. */
  readonly withHostname: boolean;
}

/** The bytes before each line of a batch that is sent at `now` (wall-clock milliseconds). */
export function headerAt(options: HeaderOptions, now: number): Buffer {
  const priority = `<${options.facility * 8 + severity}>`;
  if (options.rfc === '5424') {
    const time = new Date(now).toISOString();
    // No byte order mark before the line, as section 6.4 would have it for UTF-8: the section allows any bytes
    // without one, and a mark makes JSON that collectors cut out of the message invalid.
    return ascii(`${priority}1 ${time} ${shownHostname()} ${options.tag} ${process.pid} audit - `);
  }
  const host = options.withHostname ? `${shownHostname()} ` : '';
  return ascii(`${priority}${localTime(now)} ${host}${options.tag}[${process.pid}]: `);
}

/** Whether a message of that RFC can carry the tag. */
export function usableTag(tag: string, rfc: '5424' | '3164'): boolean {
  // APP-NAME, section 6.2.5 of RFC 5424; TAG, section 4.1.3 of RFC 3164, with what programs' names have in them.
  return rfc === '5424' ? /^[!-~]{1,48}$/.test(tag) : /^[A-Za-z0-9._/-]{1,32}$/.test(tag);
}

/** `Mmm dd hh:mm:ss` in local time, section 4.1.2 of RFC 3164. */
function localTime(now: number): string {
  const date = new Date(now);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  return `${months[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** HOSTNAME of section 6.2.4 of RFC 5424, or its nil value. Asked each time: machines are renamed. */
function shownHostname(): string {
  const name = hostname();
  return /^[!-~]{1,255}$/.test(name) ? name : '-';
}

function ascii(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
