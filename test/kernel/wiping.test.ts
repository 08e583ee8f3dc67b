import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formatter } from '../../format/formatter.ts';
import type { Kernel } from '../../format/kernel.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../../format/line-options.ts';
import type { KernelBatch } from '../../format/scanned-batch.ts';
import { lineOf } from '../format/line-of.ts';

const marker = 'hvs.MarkerSecretThatNobodyMaySee';
const salt = '00000000-feed-4bad-8bad-00salt00mark';

const policy = {
  ...emptyRecordPolicy,
  auditedHeaders: new Map([['x-a', { hmac: false }]]),
  mounts: new Map([[`${marker}/`, { requestKeys: ['k'], responseKeys: [] }]]),
  unauditedPaths: ['nothing'],
};

/** The marker wherever a record can have it: hashed, clear, escaped, in names, headers, fields, long and short. */
function record(): string {
  const escaped = marker.replace('S', '\\u0053');
  return JSON.stringify({
    type: marker,
    error: marker.repeat(50),
    auth: { client_token: marker, metadata: { [marker]: marker } },
    request: {
      operation: '@',
      path: '@',
      mount_point: '@',
      namespace: { path: '@' },
      headers: { 'x-a': [marker], [marker]: [marker] },
      data: { [marker]: '@', long: marker.repeat(300), '@': ['@', marker] },
    },
  }).replaceAll('@', escaped);
}

function places(memory: Buffer, wanted: string | Buffer): number[] {
  const found: number[] = [];
  for (let at = memory.indexOf(wanted); at >= 0; at = memory.indexOf(wanted, at + 1)) found.push(at);
  return found;
}

function kernelOf(formatter: Formatter, input: string, work: (batch: KernelBatch) => void): Kernel {
  const batch = formatter.scan([Buffer.from(input)], 'apply', 0) as KernelBatch;
  const { kernel } = batch;
  work(batch);
  batch.release();
  return kernel;
}

test('after release no memory of the kernel has a byte of a record or of a key', () => {
  // The mount of the policy has another name here: a policy is no secret, and stays.
  const formatter = new Formatter({
    ...policy,
    mounts: new Map([['m/', { requestKeys: ['k'], responseKeys: [] }]]),
  });
  const lines = [
    formatter.line(defaultLineOptions, salt),
    formatter.line({ ...defaultLineOptions, logRaw: true }, salt),
    formatter.line({ ...defaultLineOptions, format: 'jsonx' }, salt),
  ];
  // Decoded while it was scanned, and given up at its end.
  const refused = `{"a":[${Array.from({ length: 51 }, (_, index) => `"${index} ${marker.replace('S', '\\u0053')}"`).join(',')}`;
  const inputs = [
    record(),
    `${record()}\n`.repeat(40),
    `${record()}\n{"broken":"${marker}`,
    `{"error":"${marker.repeat(90_000)}"}`,
    refused,
  ];
  for (const [input, limit] of inputs.flatMap((each) => [
    [each, 0] as const,
    [each, Number.POSITIVE_INFINITY] as const,
  ])) {
    let seen = 0;
    const kernel = kernelOf(formatter, input, (batch) => {
      seen = places(batch.kernel.memory, marker.slice(0, 8)).length;
      for (const line of lines) line.render(batch, limit);
      batch.describe(0);
    });
    assert.ok(seen > 0, 'the marker was never there, so that its absence shows nothing');
    const { memory } = kernel;
    for (const piece of [
      marker,
      marker.slice(0, 8),
      marker.slice(-8),
      salt,
      salt.slice(0, 16),
      salt.slice(-12),
    ]) {
      assert.deepEqual(places(memory, piece), [], `"${piece}" is still there`);
    }
    // Blocks of a message are worked on with the bytes of each word in the other order.
    const turned = Buffer.from(marker.slice(0, 4)).reverse();
    assert.deepEqual(places(memory, turned), []);
  }
});

test('what is derived from a salt is cleared after every use', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const states: Buffer[] = [];
  const kernel = kernelOf(formatter, `{"request":{"data":"${marker}"}}`, (batch) => {
    const midstates = batch.kernel.midstates(Buffer.from(salt));
    for (let at = 0; at < midstates.length; at += 4) states.push(Buffer.from(midstates.slice(at, at + 4)));
    formatter.line(defaultLineOptions, salt).render(batch, 1000);
    formatter.line(defaultLineOptions, salt).hash(marker);
  });
  assert.equal(states.length, 16);
  for (const state of states) assert.deepEqual(places(kernel.memory, state), []);
});

test('a line format that was disposed of cannot render', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const line = formatter.line(defaultLineOptions, salt);
  const batch = formatter.scan([Buffer.from('{}')], 'apply', 0);
  line.dispose();
  assert.throws(() => line.render(batch, 1000), /the salt was cleared/);
  batch.release();
});

test('a batch leaves nothing behind that the next one could show', () => {
  assert.equal(lineOf('{"time":"x","type":"b"}'), '{"time":"x","type":"b"}');
  const formatter = new Formatter(emptyRecordPolicy);
  kernelOf(formatter, `{"type":"${marker}","request":{"id":"${marker}"}}`, () => {});
  const batch = formatter.scan([Buffer.from('{}\n{"request":{}}\n')], 'apply', 0);
  assert.deepEqual(
    [batch.describe(0), batch.describe(1)],
    [
      { id: '', type: '' },
      { id: '', type: '' },
    ],
  );
  batch.release();
});
