import { validateHeaderName, validateHeaderValue } from 'node:http';

/** What the application gave to `writeHead`. Throws what Node would: it is called later, when nobody catches it. */
export class GivenHead {
  readonly status: number;
  readonly #headers = new Map<string, string>();

  constructor(args: readonly unknown[]) {
    this.status = Math.trunc(Number(args[0]));
    if (!(this.status >= 100 && this.status <= 999)) {
      const error = new RangeError(`Invalid status code: ${String(args[0])}`);
      throw Object.assign(error, { code: 'ERR_HTTP_INVALID_STATUS_CODE' });
    }
    for (const [name, value] of headerPairs(typeof args[1] === 'string' ? args[2] : (args[2] ?? args[1]))) {
      validateHeaderName(name);
      for (const each of Array.isArray(value) ? value : [value]) validateHeaderValue(name, each as string);
      this.#headers.set(name.toLowerCase(), String(value));
    }
  }

  header(name: string): string | undefined {
    return this.#headers.get(name);
  }
}

/** An object, a list of names and values in turn, or a list of pairs. */
function headerPairs(headers: unknown): [string, unknown][] {
  if (!Array.isArray(headers)) {
    return typeof headers === 'object' && headers !== null ? Object.entries(headers) : [];
  }
  if (Array.isArray(headers[0])) return headers as [string, unknown][];
  const pairs: [string, unknown][] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) pairs.push([headers[at], headers[at + 1]]);
  return pairs;
}

/** What Node says to who sets a header too late. */
export function headersAreSent(): Error {
  return Object.assign(new Error('Cannot set headers after they are sent to the client'), {
    code: 'ERR_HTTP_HEADERS_SENT',
  });
}
