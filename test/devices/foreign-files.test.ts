import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { OptionTexts } from '../../devices/device-kind.ts';
import { parseDevice } from '../../devices/registry.ts';
import { lineOf } from '../format/line-of.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { linesOf } from './batches.ts';
import { LaneStandIn } from './lane-stand-in.ts';
import { asOrdinaryUser, ordinaryUser } from './ordinary-user.ts';
import { unheardSettings } from './unheard-settings.ts';

/** A file device as the API enables it, with a prefix where the operator allows that. */
function apiDevice(context: TestContext, file: string, options: OptionTexts = {}): LaneStandIn {
  const limits = {
    fileRoots: [path.dirname(file)],
    allowPrefix: true,
    allowLogRaw: false,
    allowAddresses: null,
  };
  const parsed = parseDevice('file', { file_path: file, ...options }, limits);
  const device = parsed.create(unheardSettings);
  return new LaneStandIn(context, 'file', {}, device);
}

const next = linesOf([lineOf('{"type":"request"}')]);

const foreign: [what: string, content: string][] = [
  ['a JSON document of one line without its newline', '{"users":{"root":{"password":"x"}}}'],
  ['the same with its newline', '{"users":{"root":{"time":"x"}}}\n'],
  ['one with the name as a value', '{"a":"time","b":["time"]}\n'],
  ['a JSON document of many lines', '{\n  "time": 1\n}\n'],
  ['an empty object', '{}'],
  ['text', 'root:x:0:0::/root:/bin/sh\n'],
  ['a list', '["time"]\n'],
  ['XML', '<?xml version="1.0"?>\n<json:object xmlns:json="x">\n'],
  ['an empty line before a record', '\n{"time":"1"}\n'],
  ['zeros', '\0'.repeat(70_000)],
  ['a long line', `{"a":"${'x'.repeat(200_000)}"}\n`],
];

for (const [what, content] of foreign) {
  test(`a file that holds ${what} is refused to a device of the API before anything is done to it`, async (context) => {
    const file = path.join(temporaryDirectory(context), 'settings.json');
    writeFileSync(file, content, { mode: 0o644 });
    const failure = await apiDevice(context, file).openFailure();
    assert.deepEqual([failure.reason, failure.permanent], ['unsuitable', true]);
    const reason = 'what it holds does not begin as an audit log does: move it away, or name another file';
    assert.equal(failure.message, `Cannot open audit file "${file}": ${reason}`);
    assert.equal(readFileSync(file, 'utf8'), content);
    assert.equal(statSync(file).mode & 0o777, 0o644);
  });
}

test('a log is opened again through the API, whatever formats and prefixes it was written with', async (context) => {
  const record = `{"type":"request","error":"${'x'.repeat(100_000)}"}`;
  const own = record.replace('}', ',"time":"2026-01-01T00:00:00Z"}');
  const jsonx = { format: 'jsonx' } as const;
  const contents = [
    '',
    `${lineOf(record)}\n`,
    `${lineOf(own)}\n`,
    `${lineOf(record, { options: jsonx })}\n`,
    `${lineOf(own, { options: { ...jsonx, jsonxFragment: true } })}\n`,
    `${lineOf(record, { options: { prefix: '@cee: ' } })}\n`,
    `${lineOf(own, { options: { ...jsonx, prefix: '@cee: ' } })}\n`,
    // A kill left no more than this of the first line, or it has been completed since.
    lineOf(record).slice(0, 500),
    '{"type":"req","torn":true}\n',
  ];
  for (const content of contents) {
    const file = path.join(temporaryDirectory(context), 'audit.log');
    writeFileSync(file, content);
    for (const options of [{ prefix: '@cee: ' }, { prefix: '@cee: ', format: 'jsonx' }]) {
      await apiDevice(context, file, options).open();
    }
    assert.ok(readFileSync(file, 'utf8').startsWith(content));
  }
});

test('a device of the configuration appends to any file that it is told to', async (context) => {
  const file = path.join(temporaryDirectory(context), 'notes');
  writeFileSync(file, 'notes\n');
  await new LaneStandIn(context, 'file', { file_path: file }).deliver(next);
  assert.equal(readFileSync(file, 'utf8'), `notes\n${next.bytes}`);
});

test('a file that cannot be read is taken for a log only where it is as the device leaves one', async (context) => {
  if (process.geteuid!() !== 0) {
    context.skip('needs root, to become somebody who may not read a file');
    return;
  }
  const folder = temporaryDirectory(context);
  const file = path.join(folder, 'audit.log');
  appendFileSync(file, 'secret');
  chmodSync(folder, 0o777);
  chownSync(file, ordinaryUser, -1);
  chmodSync(file, 0o200);
  await asOrdinaryUser(async () => {
    const failure = await apiDevice(context, file, { mode: '0640' }).openFailure();
    assert.equal(failure.reason, 'permission');
    assert.match(failure.message, /: it cannot be read, to see whether it is an audit log: move it away/);
  });
  assert.equal(statSync(file).mode & 0o777, 0o200);
  await asOrdinaryUser(() => apiDevice(context, file, { mode: '0200' }).open());
});
