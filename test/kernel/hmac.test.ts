import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { Formatter } from '../../format/formatter.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../../format/line-options.ts';
import { linesOf, testSalt } from '../format/line-of.ts';

function hmac(value: string, salt: string = testSalt): string {
  return `hmac-sha256:${createHmac('sha256', salt).update(value).digest('hex')}`;
}

function hashesOf(values: readonly string[]): string[] {
  const [line] = linesOf([JSON.stringify({ request: { data: values } })]);
  return (JSON.parse(line!) as { request: { data: string[] } }).request.data;
}

/** Texts that differ at the start, so that none is taken for another. */
function textOf(length: number, seed: number): string {
  return `${seed}${'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(length / 26))}`.slice(0, length);
}

test('messages of every length up to 300 bytes have the HMAC that node:crypto gives', () => {
  const values = Array.from({ length: 301 }, (_, length) => textOf(length, length));
  assert.deepEqual(
    hashesOf(values),
    values.map((value) => hmac(value)),
  );
});

test('groups of very different lengths have right hashes, also when the last group is not full', () => {
  for (const count of [1, 2, 3, 4, 5, 6, 7, 11]) {
    const values = Array.from({ length: count }, (_, index) =>
      textOf([3, 70_000, 0, 64, 1100, 55, 56, 128][index % 8]!, index),
    );
    assert.deepEqual(
      hashesOf(values),
      values.map((value) => hmac(value)),
    );
  }
});

test('more different messages than the kernel remembers in a batch are all hashed', () => {
  const values = Array.from({ length: 5000 }, (_, index) => `value ${index}`);
  values.push(...values.slice(0, 100), ...values.slice(-100));
  assert.deepEqual(
    hashesOf(values),
    values.map((value) => hmac(value)),
  );
});

test('messages that share their first and last bytes are not taken for one another', () => {
  const values = Array.from(
    { length: 40 },
    (_, index) => `-----BEGIN${String.fromCharCode(65 + index)}KEY-----`,
  );
  assert.deepEqual(
    hashesOf([...values, ...values]),
    [...values, ...values].map((value) => hmac(value)),
  );
});

test('a salt of any length is the HMAC key', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  for (const length of [0, 1, 36, 63, 64, 65, 200]) {
    const salt = 'sälz'.repeat(60).slice(0, length);
    assert.equal(formatter.line(defaultLineOptions, salt).hash('a value'), hmac('a value', salt));
  }
});

test('hash gives the hash of the text in UTF-8, also while a batch is open and beyond the size of a batch', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const line = formatter.line(defaultLineOptions, testSalt);
  const batch = formatter.scan([Buffer.from('{"request":{"data":"x"}}\n')], 'apply', 0);
  for (const value of ['', 'Grüße \u{1f600}', '2024-01-01T00:00:00Z', 'x'.repeat(700_000)]) {
    assert.equal(line.hash(value), hmac(value));
  }
  assert.match(line.render(batch, 1000).bytes.toString(), new RegExp(hmac('x')));
  batch.release();
  assert.equal(line.hash('after'), hmac('after'));
  line.dispose();
  assert.throws(() => line.hash('x'), /the salt was cleared/);
});
