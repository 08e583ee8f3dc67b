import path from 'node:path';
import { parseGoBoolean } from '../config/go-boolean.ts';
import { shownUri } from '../config/hidden-credentials.ts';
import type { LineOptions } from '../format/line-options.ts';
import {
  filesOf,
  type HeaderSource,
  headerFaults,
  parseHeaders,
  remoteHeaderFault,
  shownHeaders,
} from './http/headers.ts';
import { HttpDevice } from './http/http-device.ts';
import { type PostTarget, parseTarget, unsupportedScheme } from './http/target.ts';
import { type Option, readOptions } from './option-table.ts';
import type { RegisteredKind } from './registered-kind.ts';
import { readTlsNames, refuseTlsNames, tlsFaults, tlsNameTable } from './transport/tls-options.ts';

const table = {
  uri: {
    default: null,
    required: true,
    confidential: true,
    shown: shownUri,
    wanted: 'an "http" or "https" URI such as "https://collector.example:8088/audit"',
    effect: 'where records are posted; a user and password in it are sent as basic authentication',
    parse: parseTarget,
    refusal: unsupportedScheme,
  } as Option<PostTarget>,
  headers: {
    default: '{}',
    confidential: true,
    shown: shownHeaders,
    wanted:
      'a JSON object that maps names to lists of texts, such as {"Authorization": ["env://TOKEN"]}, with one text for Host',
    effect:
      'sent with every request; a value `env://NAME` or `file://PATH` is read when the device opens, and again after a failure and at a reload; headers that say where a message ends are refused; `Host`, and `Authorization` beside a user in `uri`, take the place of what would be sent',
    parse: parseHeaders,
  } as Option<readonly HeaderSource[]>,
  batch: {
    default: 'false',
    wanted: '"true" or "false"',
    effect: '`true`: a request carries all lines that wait, up to 1 MiB, as NDJSON; `false`: one record each',
    parse: (text) => parseGoBoolean(text) ?? undefined,
  } as Option<boolean>,
  ...tlsNameTable,
} as const;

/** Lines posted to an HTTP server. */
export const httpKind: RegisteredKind = {
  type: 'http',
  options: table,
  read(texts, problems, line, limits) {
    const values = readOptions(table, texts, problems, limits);
    if (problems.length > 0) return null;
    const { uri: target, headers, batch } = values;
    if (!target.secure) refuseTlsNames(values, 'an "https" uri', problems);
    const tls = target.secure ? readTlsNames(values, target.host, problems) : null;
    const fault = limits === null ? null : remoteHeaderFault(headers);
    if (fault !== null) problems.push({ option: 'headers', message: fault });
    const options = Object.freeze({ target, headers, contentType: contentTypeOf(line, batch), batch, tls });
    const { host, port } = target;
    const claim = { kind: 'port', option: 'uri', protocol: 'tcp', host, port } as const;
    return {
      claims: [claim, ...filesOf(headers).map((file) => ({ ...readClaim, path: path.resolve(file) }))],
      create: ({ peerBounds }) => new HttpDevice(options, peerBounds),
      faults: async () => [
        ...(await headerFaults(headers)).map((message) => ({ option: 'headers', message })),
        ...(tls === null ? [] : await tlsFaults(tls)),
      ],
    };
  },
};

const readClaim = { kind: 'read', option: 'headers' } as const;

function contentTypeOf(line: LineOptions, batch: boolean): string {
  if (line.prefix !== '') return 'text/plain; charset=utf-8';
  if (line.format === 'json') return batch ? 'application/x-ndjson' : 'application/json';
  return batch ? 'text/plain; charset=utf-8' : 'application/xml';
}
