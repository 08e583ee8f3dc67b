import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownLines, testRecord } from '../../../daemon/delivery/own-records.ts';
import { Formatter, type LineFormat, type ScannedBatch } from '../../../format/formatter.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../../../format/line-options.ts';

const wallTime = Date.UTC(2026, 0, 2, 3, 4, 5);

test('lines of our own are those that the device makes of any record', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const format = formatter.line({ ...defaultLineOptions, prefix: '@cee: ' }, 'salt');
  const records = [testRecord('one'), testRecord('two')];
  const sent = records.map((record) => Buffer.from(`${JSON.stringify(record)}\n`));
  const scanned = formatter.scan(sent, 'as_is', wallTime);
  const wanted = format.render(scanned, 10_000);
  scanned.release();
  const lines = ownLines(records, format, 10_000, wallTime);
  assert.equal(lines.bytes.toString(), wanted.bytes.toString());
  assert.deepEqual(lines.ends, wanted.ends);
  assert.match(
    lines.bytes.toString(),
    /^@cee: \{.*"path":"sys\/audit\/test".*\}\n@cee: \{.*"id":"two".*\}\n$/,
  );
  assert.match(lines.bytes.toString(), /"time":"2026-01-02T03:04:05.000Z"/);
});

test('a test record is one that Vault and OpenBao could write, under the id it is given', () => {
  assert.deepEqual(testRecord('0a'), {
    type: 'request',
    request: { id: '0a', operation: 'update', path: 'sys/audit/test' },
  });
});

test('a line of our own that the device cannot hold is absent', () => {
  const format = new Formatter(emptyRecordPolicy).line(defaultLineOptions, 'salt');
  const lines = ownLines([testRecord('one')], format, 10, wallTime);
  assert.deepEqual([...lines.absences], [[0, 'too_large']]);
});

test('what was scanned for lines of our own is let go', () => {
  let scanned: ScannedBatch | null = null;
  const format = new Formatter(emptyRecordPolicy).line(defaultLineOptions, 'salt');
  const watched: LineFormat = {
    render(batch, maxLineBytes) {
      scanned = batch;
      return format.render(batch, maxLineBytes);
    },
    hash: (value) => format.hash(value),
    recipe: (maxLineBytes) => format.recipe(maxLineBytes),
    dispose: () => format.dispose(),
  };
  ownLines([testRecord('one')], watched, 10_000, wallTime);
  assert.throws(() => scanned!.describe(0), /released/);
});
