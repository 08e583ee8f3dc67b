import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Formatter } from '../../format/formatter.ts';
import {
  defaultLineOptions,
  emptyRecordPolicy,
  type LineOptions,
  type MountKeys,
} from '../../format/line-options.ts';
import { lineStart } from '../../format/lines.ts';
import { projectRoot } from '../support/project-root.ts';

// Traffic recorded from OpenBao 2.6.2: its raw log, and what it wrote to devices with other options at the same time.

const folder = path.join(projectRoot, 'test/corpus');

function corpus(name: string): Buffer {
  return gunzipSync(readFileSync(path.join(folder, `${name}.ndjson.gz`)));
}

interface CorpusConfig {
  readonly salt_hashed: string;
  readonly salt_hashed_clear_accessors: string;
  readonly non_hmac_keys: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const config = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8')) as CorpusConfig;

const mounts: ReadonlyMap<string, MountKeys> = new Map(
  Object.entries(config.non_hmac_keys).map(([mount, keys]) => [
    mount,
    {
      requestKeys: keys['audit_non_hmac_request_keys'] ?? [],
      responseKeys: keys['audit_non_hmac_response_keys'] ?? [],
    },
  ]),
);

const cases: readonly (readonly [file: string, salt: string, options: Partial<LineOptions>])[] = [
  ['hashed', config.salt_hashed, {}],
  ['hashed-elided', config.salt_hashed_clear_accessors, { hmacAccessor: false, elideListResponses: true }],
];

/** The chunks a socket might deliver. */
function chunksOf(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 60_001) chunks.push(bytes.subarray(at, at + 60_001));
  return chunks;
}

test('all 1,656 raw entries of the recorded traffic give what the reference wrote, numbers by value', () => {
  const raw = corpus('raw');
  const formatter = new Formatter({ ...emptyRecordPolicy, mounts });
  for (const [file, salt, options] of cases) {
    const line = formatter.line({ ...defaultLineOptions, ...options }, salt);
    const batch = formatter.scan(chunksOf(raw), 'apply', 0);
    assert.deepEqual([batch.records, batch.kept], [1656, 1656]);
    const lines = line.render(batch, Number.POSITIVE_INFINITY);
    batch.release();
    const wanted = corpus(file).toString().trimEnd().split('\n');
    assert.equal(wanted.length, 1656);
    for (const [index, entry] of wanted.entries()) {
      const got = lines.bytes.subarray(lineStart(lines, index), lines.ends[index]!).toString();
      assert.deepEqual(JSON.parse(got), JSON.parse(entry), `line ${index + 1} of ${file}`);
    }
  }
});

test('the same entries one at a time, as a quiet server sends them, give the same lines', () => {
  const formatter = new Formatter({ ...emptyRecordPolicy, mounts });
  const line = formatter.line(defaultLineOptions, config.salt_hashed);
  const wanted = corpus('hashed').toString().trimEnd().split('\n');
  for (const [index, record] of corpus('raw').toString().trimEnd().split('\n').entries()) {
    const batch = formatter.scan([Buffer.from(record)], 'apply', 0);
    const { bytes } = line.render(batch, Number.POSITIVE_INFINITY);
    batch.release();
    assert.deepEqual(JSON.parse(bytes.toString()), JSON.parse(wanted[index]!), `line ${index + 1}`);
  }
});

test('what is not hashed is byte for byte the input', () => {
  const formatter = new Formatter({ ...emptyRecordPolicy, mounts });
  const line = formatter.line(defaultLineOptions, config.salt_hashed);
  for (const file of ['raw', 'traffic']) {
    const records = corpus(file).toString('latin1').trimEnd().split('\n');
    const batch = formatter.scan([corpus(file)], 'apply', 0);
    const lines = line.render(batch, Number.POSITIVE_INFINITY);
    batch.release();
    let hashes = 0;
    for (const [index, record] of records.entries()) {
      const got = lines.bytes.subarray(lineStart(lines, index), lines.ends[index]! - 1).toString('latin1');
      hashes += restored(got, record, index);
    }
    assert.ok(hashes > 10_000);
  }
});

const hash = /"hmac-sha256:[0-9a-f]{64}"/g;

/** Goes along the line and the record together: they differ only where the line has a hash and the record some string. */
function restored(line: string, record: string, index: number): number {
  let at = 0;
  let from = 0;
  let hashes = 0;
  for (const { 0: text, index: start } of line.matchAll(hash)) {
    const between = line.slice(from, start);
    if (record.startsWith(between, at)) {
      at += between.length;
      const string = /"(?:[^"\\]|\\.)*"/y;
      string.lastIndex = at;
      assert.ok(string.test(record), `record ${index + 1} has no string at byte ${at}`);
      at = string.lastIndex;
    } else {
      // The one thing that is added: what a `wrap_info` left out because it is empty.
      assert.match(between, /^.*,"(token|accessor)":$/s);
      const copied = between.replace(/,"(token|accessor)":$/, '');
      assert.ok(record.startsWith(copied, at), `record ${index + 1} differs after byte ${at}`);
      at += copied.length;
    }
    from = start + text.length;
    hashes++;
  }
  assert.equal(line.slice(from), record.slice(at), `record ${index + 1} differs after byte ${at}`);
  return hashes;
}
