import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { inputRecords } from '../../cli/policy/input-records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type Ended, runCommand } from './command.ts';

const header = { headers: { 'x-a': ['v'] } };

/** A configuration of which nothing has ever run. */
function configured(t: TestContext, more: object): string {
  const folder = temporaryDirectory(t);
  const device = (name: string, options = {}) => ({
    type: 'file',
    options: { file_path: path.join(folder, name), ...options },
  });
  const config = {
    state_dir: path.join(folder, 'state'),
    listeners: [{ path: path.join(folder, 'ingest.sock') }],
    admin: { path: path.join(folder, 'admin.sock') },
    metrics: { listen: null },
    devices: { 'a/': device('a'), 'b/': device('b'), 'raw/': device('raw', { log_raw: true }) },
    ...more,
  };
  writeFileSync(path.join(folder, 'c.yaml'), JSON.stringify(config));
  return folder;
}

async function explain(
  t: TestContext,
  folder: string,
  input: string,
  ...words: readonly string[]
): Promise<Ended> {
  const options = ['--config', path.join(folder, 'c.yaml'), ...words];
  return runCommand(t, ['policy', 'explain', '-', ...options], { input });
}

test('each device is told what it would write and why, an invalid record with its line, and no value that is hashed', async (t) => {
  const folder = configured(t, { clear_fields: ['request.data.open'] });
  const record = {
    time: 't',
    request: { id: 'i\u001b[2J', data: { open: 'R-1', 'se cret': 'S-1' }, ...header },
  };
  const input = `${JSON.stringify(record)}\r\n\n{"S-2":"S-3",}\n{"time":"t"}`;
  const { code, stdout, stderr } = await explain(t, folder, input);
  const lines = stdout.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => line.trim().split(/ {2,}/).join(' | ')),
    [
      'line 1',
      'a/, b/',
      'readable | time | profile vault: time',
      'readable | request.id | profile vault: request.id',
      'readable | request.data.open | clear_fields: request.data.open',
      'hashed | request.data["se cret"] | profile vault: request.data.**',
      'dropped | request.headers.x-a | audited_headers: not one of them',
      'raw/',
      'readable | time | log_raw: true',
      'readable | request.id | log_raw: true',
      'readable | request.data.open | log_raw: true',
      'readable | request.data["se cret"] | log_raw: true',
      'dropped | request.headers.x-a | audited_headers: not one of them',
      '',
      'line 3: refused: a name in double quotes is wanted at byte 13',
      '',
      'line 4',
      'a/, b/',
      'readable | time | profile vault: time',
      'raw/',
      'readable | time | log_raw: true',
    ],
  );
  assert.equal(
    new Set([2, 3, 4, 5].map((line) => / {2}(?=profile|clear)/.exec(lines[line]!)!.index)).size,
    1,
  );
  assert.equal(code, 1);
  assert.equal(stderr, 'audit-sidecar: 1 of 3 records would be refused\n');
  assert.deepEqual(readdirSync(folder), ['c.yaml'], 'nothing is written');
  const valued = await explain(t, folder, input, '--values');
  assert.ok(valued.stdout.includes('"i\\u001b[2J"') && valued.stdout.includes('"R-1"'));
  assert.equal(valued.stdout.split('\n  raw/')[0]!.includes('S-'), false);
});

test('--json prints an object for each record, with what is readable only where that is asked for', async (t) => {
  const folder = configured(t, { profile: 'api', unaudited_paths: ['/health'] });
  const input = '{"time":"t","pin":12345678901234567890}\n{"request":{"path":"/health"}}\n{"a":\n';
  const { code, stdout } = await explain(t, folder, input, '--json');
  assert.equal(code, 1);
  const time = { path: 'time', fate: 'readable' };
  const pin = { path: 'pin', fate: 'hashed', rule: 'profile api: no readable path' };
  const raw = { rule: 'log_raw: true' };
  const told = stdout.trimEnd().split('\n');
  assert.deepEqual(
    told.map((line) => JSON.parse(line)),
    [
      {
        line: 1,
        kind: 'kept',
        lines: [
          { devices: ['a/', 'b/'], places: [{ ...time, rule: 'profile api: time' }, pin] },
          {
            devices: ['raw/'],
            places: [
              { ...time, ...raw },
              { path: 'pin', fate: 'readable', ...raw },
            ],
          },
        ],
      },
      { line: 2, kind: 'unaudited', rule: 'unaudited_paths' },
      { line: 3, kind: 'refused', message: 'record ends too early at byte 5' },
    ],
  );
  const valued = JSON.parse((await explain(t, folder, input, '--json', '--values')).stdout.split('\n')[0]!);
  assert.equal('value' in valued.lines[0].places[1], false);
  assert.equal(valued.lines[1].places[1].value, '12345678901234567890');
});

test('what was set through the API counts, and is missed where it cannot be read', async (t) => {
  const folder = configured(t, {});
  const table = JSON.stringify({ devices: {}, headers: { 'x-a': { hmac: false } }, mounts: {} });
  const sha256 = createHash('sha256').update(table).digest('hex');
  mkdirSync(path.join(folder, 'state'));
  const file = path.join(folder, 'state/table.json');
  writeFileSync(file, `{"version":1,"sha256":"${sha256}","table":${table}}\n`);
  const record = JSON.stringify({ time: 't', request: header });
  const told = await explain(t, folder, record);
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /readable {2}request\.headers\.x-a\[0\] {2}audited_headers: "x-a"\n/);
  writeFileSync(file, '{');
  const without = await explain(t, folder, record);
  assert.equal(without.code, 0);
  assert.match(without.stdout, /dropped {3}request\.headers\.x-a/);
  assert.match(without.stderr, /^note: without what was set through the API: Cannot read device table/);
});

test('what cannot be explained is refused, with what to do', async (t) => {
  const folder = configured(t, { limits: { max_record_bytes: 1024 } });
  const long = await explain(t, folder, `{"a":"${'x'.repeat(5000)}"}\n{"time":"t"}\n`);
  assert.match(long.stdout, /^line 1: refused: record is longer than max_record_bytes \(1024\)\n\nline 2\n/);
  for (const [input, message] of [
    ['\n\n', /Cannot explain standard input: there is no record in it\n/],
    ['[{"a":1}]', /it is a JSON array; .*jq -c '\.\[\]' FILE \| audit-sidecar policy explain -\n/],
  ] as const) {
    const { code, stderr } = await explain(t, folder, input);
    assert.equal(code, 1);
    assert.match(stderr, message);
  }
  const words = ['policy', 'explain', path.join(folder, 'none'), '-c', path.join(folder, 'c.yaml')];
  const missing = await runCommand(t, words);
  assert.deepEqual([missing.code, missing.stdout], [1, '']);
  assert.match(missing.stderr, /Cannot read records from ".*none": no such file/);
  writeFileSync(path.join(folder, 'c.yaml'), 'profile: nosuch\n');
  assert.equal((await explain(t, folder, '{}')).code, 2);
  const empty = configured(t, { devices: {} });
  const none = await explain(t, empty, '{}');
  assert.deepEqual([none.code, none.stdout], [1, '']);
  assert.match(none.stderr, /no device is configured, so that nothing would be written\n/);
});

test('lines are found wherever chunks end, and of one that is too long nothing is kept', async () => {
  const text = 'ab\r\n\nabcdef\nabc\r\n\r\nabcd\r\nabcde\r\nxy';
  for (let size = 1; size <= text.length; size++) {
    const chunks = async function* () {
      for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
    };
    const found: unknown[] = [];
    for await (const { line, bytes } of inputRecords(chunks(), 4))
      found.push([line, bytes?.toString() ?? null]);
    assert.deepEqual(found, [
      [1, 'ab'],
      [3, null],
      [4, 'abc'],
      [6, 'abcd'],
      [7, null],
      [8, 'xy'],
    ]);
  }
});
