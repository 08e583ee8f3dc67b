import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Formatter } from '../../format/formatter.ts';
import { LargeRecord, type LargeReport } from '../../format/large-record.ts';
import { type LargeScanner, startLargeThread } from '../../format/large-thread.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../../format/line-options.ts';
import { ownBytes } from '../../format/own-bytes.ts';
import { waitFor } from '../support/wait-for.ts';
import { testSalt } from './line-of.ts';

const formatter = new Formatter(emptyRecordPolicy);
const format = formatter.line(defaultLineOptions, testSalt);

class Thread {
  readonly reports: LargeReport[] = [];
  readonly deaths: unknown[] = [];
  readonly scanner: LargeScanner;

  constructor(t: TestContext) {
    this.scanner = startLargeThread({
      onReport: (report) => this.reports.push(report),
      onDeath: (error) => this.deaths.push(error),
    });
    t.after(() => this.scanner.end());
  }

  /** Returns the key that was sent. */
  scan(chunks: readonly Buffer[]): Uint8Array {
    const recipe = format.recipe(1e9);
    const request = { policy: formatter.policy, applyHeaders: true, arrivalMs: 0, recipes: [recipe] };
    this.scanner.post({ kind: 'scan', chunks, request });
    return recipe.midstates;
  }
}

test('the thread takes over what it is given, and gives the lines away', async (t) => {
  const thread = new Thread(t);
  // One is all of its memory, the other shares it with what is read next.
  const text = `{"time":"","request":{"data":"${'x'.repeat(5_000)}`;
  const own = ownBytes(text.length);
  own.write(text);
  const read = Buffer.from('y"}}\n{"next":1}\n'.padEnd(6_000));
  const key = thread.scan([own, read.subarray(0, 5)]);
  assert.deepEqual([own.length, key.length], [0, 0], 'moved, not copied');
  assert.equal(
    read.toString('latin1', 0, 16),
    '\0\0\0\0\0{"next":1}\n',
    'copied and wiped, and the rest is untouched',
  );
  assert.ok(formatter.policy.length > 0, 'the policy is still ours');
  for (let times = 1; times < 3; times++) {
    await waitFor('the report', () => thread.reports.length === times);
    const large = new LargeRecord(thread.reports.at(-1)!, [format]);
    const { bytes, ends } = format.render(large, 1e9);
    const hash = format.hash(`${'x'.repeat(5_000)}y`);
    assert.equal(bytes.toString('utf8', 0, 200), `{"time":"","request":{"data":"${hash}"}}\n`);
    assert.deepEqual([...ends], [bytes.length]);
    assert.equal(bytes.buffer.byteLength, bytes.length);
    const again = {
      policy: formatter.policy,
      applyHeaders: true,
      arrivalMs: 0,
      recipes: [format.recipe(1e9)],
    };
    if (times === 1) thread.scanner.post({ kind: 'again', request: again });
  }
  assert.deepEqual(thread.deaths, []);
});

test('a thread that meets a defect tells of its end once, and quotes nothing', async (t) => {
  const thread = new Thread(t);
  thread.scan([Buffer.from('{"error":"s.secret"}\n{}\n')]);
  await waitFor('its end', () => thread.deaths.length === 1);
  assert.match(String(thread.deaths[0]), /more than one/);
  assert.ok(!String((thread.deaths[0] as Error).stack).includes('s.secret'));
  assert.equal(thread.reports.length, 0);
});

test('a thread that is ended in the midst of its work is heard of no more', async (t) => {
  const thread = new Thread(t);
  thread.scan([Buffer.from(`{"request":{"data":[${'"a",'.repeat(2_000_000)}"b"]}}\n`)]);
  thread.scanner.end();
  const next = new Thread(t);
  next.scan([Buffer.from('{}\n')]);
  await waitFor('the next thread', () => next.reports.length === 1);
  assert.deepEqual([thread.reports.length, thread.deaths.length], [0, 0]);
});
