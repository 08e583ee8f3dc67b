import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { Formatter, recordStatus } from '../../format/formatter.ts';
import { Kernel } from '../../format/kernel.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../../format/line-options.ts';
import { testSalt } from '../format/line-of.ts';
import { waitFor } from '../support/wait-for.ts';

const mebibyte = 1024 * 1024;
const unlimited = Number.POSITIVE_INFINITY;

function hmac(value: string | Buffer): string {
  return `hmac-sha256:${createHmac('sha256', testSalt).update(value).digest('hex')}`;
}

test('a record of 32 MiB is rendered: hashed as one string, or copied', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const line = formatter.line(defaultLineOptions, testSalt);
  const long = Buffer.alloc(16 * mebibyte - 40, 'abcdefg');
  const record = Buffer.concat([
    Buffer.from('{"time":"","error":"'),
    long,
    Buffer.from('","request":{"data":"'),
    long,
    Buffer.from('"}}\n'),
  ]);
  const batch = formatter.scan([record.subarray(0, 1_000_003), record.subarray(1_000_003)], 'apply', 0);
  assert.deepEqual([batch.records, batch.kept, batch.lengthOf(0)], [1, 1, record.length - 1]);
  const { bytes, ends } = line.render(batch, unlimited);
  const wanted = Buffer.concat([
    Buffer.from('{"time":"","error":"'),
    long,
    Buffer.from(`","request":{"data":"${hmac(long)}"}}\n`),
  ]);
  assert.ok(bytes.equals(wanted));
  assert.deepEqual([...ends], [wanted.length]);
  assert.deepEqual(line.render(batch, wanted.length).ends, ends);
  assert.deepEqual([...line.render(batch, wanted.length - 1).ends], [0]);
  batch.release();
});

test('a record of ten million empty strings is found too large before its line is made', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const line = formatter.line(defaultLineOptions, testSalt);
  const record = Buffer.from(`{"time":"","request":{"data":[${'"",'.repeat(9_999_999)}""]}}\n{"time":""}\n`);
  const batch = formatter.scan([record], 'apply', 0);
  const lines = line.render(batch, 64 * mebibyte);
  assert.deepEqual([...lines.ends], [0, 12]);
  assert.equal(lines.bytes.toString(), '{"time":""}\n');
  batch.release();
});

test('a million different short strings in one record are hashed', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const line = formatter.line(defaultLineOptions, testSalt);
  const values = Array.from({ length: 1_000_000 }, (_, index) => `"${index.toString(36)}"`);
  const batch = formatter.scan(
    [Buffer.from(`{"time":"","request":{"data":[${values.join(',')}]}}`)],
    'apply',
    0,
  );
  const { bytes } = line.render(batch, unlimited);
  batch.release();
  const hashes = bytes.toString('latin1').slice('{"time":"","request":{"data":['.length, -4).split(',');
  assert.equal(hashes.length, values.length);
  for (let index = 0; index < values.length; index += 997) {
    assert.equal(hashes[index], `"${hmac(index.toString(36))}"`);
  }
});

test('21,000 tiny records and 200,000 of them are each a line', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const line = formatter.line(defaultLineOptions, testSalt);
  for (const count of [21_000, 200_000]) {
    const batch = formatter.scan([Buffer.from('{}\n'.repeat(count))], 'apply', 0);
    assert.deepEqual([batch.records, batch.kept], [count, count]);
    const { bytes, ends } = line.render(batch, unlimited);
    assert.equal(ends.length, count);
    assert.equal(bytes.toString().replaceAll('{"time":"1970-01-01T00:00:00.000Z"}\n', ''), '');
    batch.release();
  }
});

test('a record just below 256 MiB is taken, and one byte more is refused', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const blanks = Buffer.alloc(mebibyte, ' ');
  for (const [bytes, problem] of [
    [256 * mebibyte - 1, null],
    [256 * mebibyte, { offset: 0, message: 'longer than 256 MiB' }],
  ] as const) {
    const record = [
      Buffer.from('{}'),
      ...Array<Buffer>(255).fill(blanks),
      blanks.subarray(256 * mebibyte - bytes + 2),
    ];
    const batch = formatter.scan(record, 'apply', 0);
    assert.deepEqual([batch.records, batch.lengthOf(0)], [1, bytes]);
    assert.deepEqual(batch.statuses[0] === recordStatus.invalid ? batch.problem(0) : null, problem);
    batch.release();
  }
});

test('a batch that no kernel has memory for is refused before any is taken', () => {
  const noPolicy = (): Buffer => Buffer.alloc(0);
  for (const sizes of [
    { inputBytes: 800 * mebibyte, records: 1, planBytes: 0 },
    { inputBytes: 0, records: 40 * mebibyte, planBytes: 0 },
    { inputBytes: 0, records: 1, planBytes: 1600 * mebibyte },
    { inputBytes: 2 ** 31, records: 1, planBytes: 0 },
    { inputBytes: 2 ** 32 - 1, records: 2 ** 32 - 1, planBytes: 2 ** 32 - 1 },
  ]) {
    assert.throws(() => new Kernel(noPolicy, sizes), /does not fit the memory of a kernel/);
  }
});

test('the memory of large records goes back to the system', async () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const line = formatter.line({ ...defaultLineOptions, logRaw: true }, testSalt);
  const before = process.memoryUsage();
  for (let round = 0; round < 4; round++) {
    const batch = formatter.scan([Buffer.from(`{"a":"${'x'.repeat(20 * mebibyte)}"}`)], 'apply', 0);
    assert.ok(line.render(batch, unlimited).bytes.length > 20 * mebibyte);
    batch.release();
  }
  await waitFor('the memory is given back', () => {
    const { external, arrayBuffers } = process.memoryUsage();
    return external < before.external + 16 * mebibyte && arrayBuffers < before.arrayBuffers + 16 * mebibyte;
  });
});
