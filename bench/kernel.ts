import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Formatter } from '../format/formatter.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../format/line-options.ts';
import { projectRoot } from '../test/support/project-root.ts';
import { chunksOf } from './chunks.ts';

// What a record costs in CPU time: the kernel against JSON.parse, a walk, createHmac and JSON.stringify, in the same run.

const rounds = 5;
const roundMicroseconds = 250_000;

/** Microseconds of CPU a record, in the best of several rounds. A round is long, because some systems count CPU time in ticks. */
function microseconds(records: number, work: () => void): number {
  work();
  work();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    let passes = 0;
    let spent = 0;
    while (spent < roundMicroseconds) {
      work();
      passes++;
      const { user, system } = process.cpuUsage(start);
      spent = user + system;
    }
    best = Math.min(best, spent / passes / records);
  }
  return best;
}

const salts = ['1', '2', '3', '4'].map((digit) => `412bfd53-96d8-1dd0-d10e-3cf5bf3d9d6${digit}`);

/** Hashes what FORMAT's table says in ordinary records; the plain way to do it. */
function plainLine(record: string, salt: string): string {
  const hash = (value: string): string =>
    `hmac-sha256:${createHmac('sha256', salt).update(value).digest('hex')}`;
  const deep = (value: unknown): unknown => {
    if (typeof value === 'string') return hash(value);
    if (Array.isArray(value)) return value.map(deep);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, deep(child)]));
  };
  const entry = JSON.parse(record);
  for (const auth of [entry.auth, entry.response?.auth]) {
    if (auth?.client_token) auth.client_token = hash(auth.client_token);
    if (auth?.accessor) auth.accessor = hash(auth.accessor);
  }
  const { request, response } = entry;
  if (request?.client_token) request.client_token = hash(request.client_token);
  if (request?.client_token_accessor) request.client_token_accessor = hash(request.client_token_accessor);
  if (request?.data) request.data = deep(request.data);
  if (response?.data) response.data = deep(response.data);
  return JSON.stringify(entry);
}

/**
 * The same records as if each came from a client of its own: no hashed text of one record occurs in another, so that nothing can
 * be hashed once for many.
 */
function strangers(records: readonly string[]): Buffer {
  const own = (value: unknown, index: number): unknown => {
    if (typeof value === 'string') return `${value}${index}`;
    if (Array.isArray(value)) return value.map((element) => own(element, index));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, own(child, index)]));
  };
  const lines = records.map((record, index) => {
    const entry = JSON.parse(record);
    for (const parent of [entry.auth, entry.request, entry.response?.auth, entry.response]) {
      for (const key of ['client_token', 'accessor', 'client_token_accessor', 'data']) {
        if (parent?.[key] !== undefined) parent[key] = own(parent[key], index);
      }
    }
    return `${JSON.stringify(entry)}\n`;
  });
  return Buffer.from(lines.join(''));
}

/** Prints one line a scenario. */
export function run(): void {
  const bytes = gunzipSync(readFileSync(path.join(projectRoot, 'test/corpus/traffic.ndjson.gz')));
  const records = bytes.toString().trimEnd().split('\n');
  const formatter = new Formatter(emptyRecordPolicy);
  const lines = salts.map((salt) => formatter.line(defaultLineOptions, salt));
  const kernel = (devices: number, chunks: readonly Buffer[]): number =>
    microseconds(records.length, () => {
      for (const chunk of chunks) {
        const batch = formatter.scan([chunk], 'apply', 0);
        for (let device = 0; device < devices; device++)
          lines[device]!.render(batch, Number.POSITIVE_INFINITY);
        batch.release();
      }
    });
  const chunks = chunksOf(bytes);
  const strange = chunksOf(strangers(records));
  const plain = microseconds(records.length, () => {
    for (const record of records) plainLine(record, salts[0]!);
  });
  const parse = microseconds(records.length, () => {
    for (const record of records) JSON.stringify(JSON.parse(record));
  });
  const rows: [string, number][] = [
    ['parse, walk, createHmac, stringify: one device', plain],
    ['parse and stringify alone', parse],
    ['kernel: scan', kernel(0, chunks)],
    ['kernel: scan and one device', kernel(1, chunks)],
    ['kernel: scan and two devices', kernel(2, chunks)],
    ['kernel: scan and four devices', kernel(4, chunks)],
    ['all clients different: scan and one device', kernel(1, strange)],
    ['all clients different: scan and four devices', kernel(4, strange)],
  ];
  process.stdout.write(`${records.length} records of ${Math.round(bytes.length / records.length)} bytes\n`);
  for (const [name, cost] of rows) {
    const ratio = (plain / cost).toFixed(1);
    process.stdout.write(
      `${name.padEnd(48)} ${cost.toFixed(2).padStart(6)} µs a record, ${ratio} times the first\n`,
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) run();
