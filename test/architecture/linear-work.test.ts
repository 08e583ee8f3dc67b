import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { readOptionWords } from '../../cli/device/option-words.ts';
import { spelledOut } from '../../cli/switch.ts';
import { parseAllowedAddress } from '../../config/allowed-address.ts';
import { parseByteSize } from '../../config/byte-size.ts';
import { fillCredentials } from '../../config/credential.ts';
import { normaliseDevicePath } from '../../config/device-path.ts';
import { parseDuration } from '../../config/duration.ts';
import { isHeaderName } from '../../config/header-name.ts';
import { shownUri, withoutCredentials } from '../../config/hidden-credentials.ts';
import { parseIpAddress } from '../../config/ip-address.ts';
import { parseListenAddress } from '../../config/listen-address.ts';
import { parseConfig } from '../../config/load.ts';
import { certificatesFault } from '../../config/pem.ts';
import { ConfigRefused } from '../../config/problem.ts';
import { parseServices } from '../../config/services.ts';
import { suggest } from '../../config/suggestion.ts';
import { shownToken } from '../../daemon/admin/authorization.ts';
import { parseJson } from '../../daemon/admin/json-text.ts';
import { namespaceOf } from '../../daemon/admin/namespace.ts';
import { adminResponder, listRequest } from '../../daemon/admin/responder.ts';
import { veilText } from '../../daemon/admin/veiled-text.ts';
import { formatLine } from '../../daemon/log/log-line.ts';
import { parseDevice, shownDeviceOptions } from '../../devices/registry.ts';
import { MemoryControl } from '../daemon/admin/memory-control.ts';

/** Everything that a text from outside is handed to; what it makes of it, or that it throws, makes no difference. */
const entries: Readonly<Record<string, (text: string) => unknown>> = {
  'a size': parseByteSize,
  'a duration': parseDuration,
  'an address': parseListenAddress,
  'an allowed address': (text) => parseAllowedAddress(text, '/etc/services'),
  'an IP address': parseIpAddress,
  'a list of services': parseServices,
  'a header name': isHeaderName,
  'a device path': normaliseDevicePath,
  'a value with credentials': (text) => fillCredentials(text, '/nowhere'),
  'a misspelt name': (text) => suggest(text, ['listeners', 'devices']),
  certificates: certificatesFault,
  'a URI in a message': withoutCredentials,
  'a URI in a list': shownUri,
  'a configuration': (text) => new ConfigRefused(parseConfig('x', text).problems),
  'a value of a configuration': (text) =>
    new ConfigRefused(parseConfig('x', `log: {level: ${JSON.stringify(text)}}`).problems),
  'a body': parseJson,
  'a body with a secret': (text) => veilText(Buffer.from(text), 'input'),
  'a call of LIST': (text) => listRequest(Buffer.from(text)),
  'a token': (text) => shownToken({ authorization: text }),
  'a namespace': (text) => namespaceOf(withHeader('x-vault-namespace', text)),
  'a path of the API': (text) => respond({ method: 'GET', url: text, headers: {} } as IncomingMessage),
  'a query of the API': (text) =>
    respond({ method: 'GET', url: `/v1/sys/x?${text}`, headers: {} } as IncomingMessage),
  'a line of the log': (text) => formatLine({ json: false, priority: false }, 0, 'info', text, { text }),
  'a word of a switch': spelledOut,
  'an option behind a type': (text) => readOptionWords([text]),
  ...Object.fromEntries(
    Object.entries({
      file: ['file_path', 'mode', 'sync', 'prefix', 'format', 'write_timeout', 'queue_bytes', 'log_raw'],
      socket: ['address', 'socket_type', 'framing', 'tls_server_name'],
      syslog: ['facility', 'tag', 'rfc', 'max_message_bytes'],
      http: ['uri', 'headers', 'batch'],
    }).flatMap(([type, options]) =>
      options.map((option) => [`${type} ${option}`, (text: string) => parseDevice(type, { [option]: text })]),
    ),
  ),
  'a header of a device': (text) =>
    parseDevice('http', { uri: 'http://h', headers: JSON.stringify({ a: [text] }) }),
  'headers in a list': (text) => shownDeviceOptions('http', { headers: JSON.stringify({ a: [text] }) }),
};

const { respond } = adminResponder({
  control: new MemoryControl(),
  status: {
    require: { kind: 'any' },
    lanes: () => [],
    declared: () => 'api',
    phase: () => 'running',
    metrics: { text: async () => '', contentType: '' },
  },
  version: '',
});

function withHeader(name: string, value: string): IncomingMessage {
  return { headers: { [name]: value } } as unknown as IncomingMessage;
}

/** What the texts are made of: a start that some entry looks for, much of what a pattern repeats, and an end that it does not expect. */
const starts = [
  '',
  ' ',
  '"',
  '["',
  '[',
  '{"input":"',
  'a: ',
  'a=',
  '--a',
  '1.',
  'http://',
  'env://',
  '/v1/sys/mounts/',
  'LIST /',
  'Bearer ',
  '${credential:',
  '-----BEGIN CERTIFICATE-----',
];
const repeats = [
  ...' \t\n0a./%=,-_:@"\\{[}*#!\'|\u202eé',
  '%41',
  '\\"',
  '\\u0061',
  '[]',
  '{"a":',
  'a/',
  '&a=',
  '1h',
  '//',
  '${credential:',
  '- a\n',
  '? a\n',
  '-----BEGIN CERTIFICATE-----\n',
  ' \nX: a',
];
const ends = ['', '!b'];

/** A configuration is read by a library, and slowly: of these one for each repeated part. */
const slow = new Set(['a configuration', 'a value of a configuration']);

const longest = 20_000;

/** Microseconds of this process, which other processes do not make more. */
function cpuTime(work: (text: string) => unknown, text: string): number {
  const before = process.cpuUsage();
  try {
    work(text);
  } catch {
    // Refused, as most are.
  }
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** What the least of a few runs takes: collecting garbage is no work of the text's. */
function leastTime(work: (text: string) => unknown, text: string): number {
  return Math.min(...Array.from({ length: 4 }, () => cpuTime(work, text)));
}

/** What is quadratic takes 64 times as much. */
const times = 8;
const most = 3 * times;

function ratioOf(work: (text: string) => unknown, text: (length: number) => string): number {
  return leastTime(work, text(longest)) / leastTime(work, text(longest / times));
}

for (const [name, work] of Object.entries(entries)) {
  test(`${name}: a text eight times as long is about eight times the work`, () => {
    const found: string[] = [];
    for (const start of slow.has(name) ? [''] : starts) {
      for (const repeat of repeats) {
        for (const end of ends) {
          const text = (length: number): string =>
            `${start}${repeat.repeat(Math.ceil(length / repeat.length))}${end}`;
          // Quadratic work takes hundreds of milliseconds; of what takes few, a ratio would only show noise.
          if (cpuTime(work, text(longest)) < 30_000) continue;
          // Measured again before it is believed: a neighbour that empties the caches makes more work, too.
          let ratio = ratioOf(work, text);
          for (let again = 0; again < 2 && ratio > most; again++)
            ratio = Math.min(ratio, ratioOf(work, text));
          if (ratio > most) found.push(JSON.stringify([start, repeat, end, Math.round(ratio)]));
        }
      }
    }
    assert.deepEqual(found, []);
  });
}
