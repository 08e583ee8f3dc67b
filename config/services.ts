import { statSync } from 'node:fs';
import { reasonOf } from './file-fault.ts';
import { readSmallFileSync } from './small-file.ts';
import { suggest } from './suggestion.ts';

/** Where the system has the names of ports (services(5)). */
export const servicesFile = '/etc/services';

/** The largest that distributions ship has 700 KB. */
const rules = { maxBytes: 4 * 1024 * 1024, secret: false };

export type Protocol = 'tcp' | 'udp';

/** The port of a service, or why there is none, in words that follow a colon. */
export type FoundPort =
  | { readonly kind: 'found'; readonly port: number }
  | { readonly kind: 'refused'; readonly message: string };

/** Ports by protocol and by name. */
export type Services = Readonly<Record<Protocol, ReadonlyMap<string, number>>>;

/** The port that `file` gives a service; names are taken in any case, as Go does. */
export function servicePort(name: string, protocol: Protocol, file: string): FoundPort {
  let services: Services;
  try {
    services = readServices(file);
  } catch (error) {
    const message = `Cannot read "${file}": ${reasonOf(error)}; write the port as a number`;
    return { kind: 'refused', message };
  }
  const known = services[protocol];
  const port = known.get(name) ?? known.get(name.toLowerCase());
  if (port !== undefined) return { kind: 'found', port };
  const meant = suggest(name, [...known.keys()]);
  const hint = meant === null ? 'write the port as a number' : `did you mean "${meant}"?`;
  return { kind: 'refused', message: `"${file}" has no service "${name}" for ${protocol}: ${hint}` };
}

/** What was read last: a configuration of a thousand devices does not read the file a thousand times. */
let last: { readonly stamp: string; readonly services: Services } | null = null;

function readServices(file: string): Services {
  const { mtimeMs, size, ino } = statSync(file);
  const stamp = JSON.stringify([file, mtimeMs, size, ino]);
  if (last?.stamp !== stamp) {
    const { bytes } = readSmallFileSync(file, rules);
    last = { stamp, services: parseServices(bytes.toString('utf8')) };
  }
  return last.services;
}

/** Lines of `name port/protocol alias…`, with comments behind `#`; what is none of these does not count. The first one of a name does. */
export function parseServices(text: string): Services {
  const found = { tcp: new Map<string, number>(), udp: new Map<string, number>() };
  for (const line of text.split('\n')) {
    const comment = line.indexOf('#');
    const words = (comment < 0 ? line : line.slice(0, comment)).split(/\s/).filter((word) => word !== '');
    const [name, place = '', ...aliases] = words;
    const [digits = '', protocol] = place.split('/', 2);
    const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
    if (name === undefined || port === 0 || port > 65_535) continue;
    if (protocol !== 'tcp' && protocol !== 'udp') continue;
    for (const each of [name, ...aliases]) if (!found[protocol].has(each)) found[protocol].set(each, port);
  }
  return found;
}
