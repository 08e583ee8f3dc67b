import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Formatter, type LineFormat, recordStatus } from '../../format/formatter.ts';
import { Kernel } from '../../format/kernel.ts';
import { LargeRecord } from '../../format/large-record.ts';
import { type LargeRequest, LargeScan } from '../../format/large-scan.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../../format/line-options.ts';
import { testArrivalMs, testSalt } from './line-of.ts';
import { Dice, mutated, RecordWriter } from './random-record.ts';

const policy = {
  ...emptyRecordPolicy,
  clearFields: ['extra*.**'],
  auditedHeaders: new Map([['x-audited', { hmac: false }]]),
  mounts: new Map([['secret/', { requestKeys: ['clear', 'arr'], responseKeys: ['keys'] }]]),
  unauditedPaths: ['sys/health'],
};

const unaudited = Buffer.from('{"type":"request","request":{"id":"1","path":"sys/health"}}');

function requestOf(formatter: Formatter, formats: readonly LineFormat[], maxLineBytes = 1e9): LargeRequest {
  return {
    policy: formatter.policy,
    applyHeaders: true,
    arrivalMs: testArrivalMs,
    recipes: formats.map((format) => format.recipe(maxLineBytes)),
  };
}

/** In pieces, as it is read. */
function pieces(record: Buffer): Buffer[] {
  const at = record.length >> 1;
  return [Buffer.from(record.subarray(0, at)), Buffer.from(record.subarray(at)), Buffer.from('\n')];
}

test('a record that is scanned elsewhere is what the formatter makes of it', () => {
  const formatter = new Formatter(policy);
  const formats = [
    formatter.line(defaultLineOptions, testSalt),
    formatter.line({ ...defaultLineOptions, format: 'jsonx', hmacAccessor: false, prefix: 'ä' }, 'another'),
    formatter.line({ ...defaultLineOptions, logRaw: true, elideListResponses: true }, testSalt),
  ];
  const scan = new LargeScan();
  const dice = new Dice(1);
  const writer = new RecordWriter(dice);
  const met = new Set<number>();
  for (let count = 0; count < 600; count++) {
    const record =
      count === 0 ? unaudited : dice.chance(30) ? mutated(writer.record(), dice) : writer.record();
    if (record.length === 0 || record.at(-1) === 13) continue;
    const report = scan.take({
      kind: 'scan',
      chunks: pieces(record),
      request: requestOf(formatter, formats),
    })!;
    const large = new LargeRecord(report, formats);
    const plain = formatter.scan([record], 'apply', testArrivalMs);
    const status = plain.statuses[0]!;
    met.add(status);
    assert.deepEqual([large.records, large.kept, [...large.statuses]], [1, plain.kept, [status]]);
    assert.deepEqual(large.describe(0), plain.describe(0));
    assert.equal(large.lengthOf(0), plain.lengthOf(0));
    if (status === recordStatus.invalid) assert.deepEqual(large.problem(0), plain.problem(0));
    else assert.throws(() => large.problem(0), RangeError);
    for (const format of formats) assert.deepEqual(format.render(large, 1e9), format.render(plain, 1e9));
    assert.throws(() => large.describe(1), RangeError);
    plain.release();
    large.release();
    assert.equal(scan.take({ kind: 'done' }), null);
  }
  assert.equal(met.size, 3, 'records of every kind were met');
});

test('a line that is longer than its device takes is absent, and an empty line is no record', () => {
  const formatter = new Formatter(policy);
  const format = formatter.line(defaultLineOptions, testSalt);
  const scan = new LargeScan();
  const long = scan.take({
    kind: 'scan',
    chunks: [Buffer.from(`{"error":"${'x'.repeat(100)}"}`)],
    request: requestOf(formatter, [format], 50),
  })!;
  assert.deepEqual([...format.render(new LargeRecord(long, [format]), 50).absences], [[0, 'too_large']]);
  scan.take({ kind: 'done' });
  const chunks = [Buffer.from('\r\n')];
  const empty = new LargeRecord(
    scan.take({ kind: 'scan', chunks, request: requestOf(formatter, [format]) })!,
    [format],
  );
  assert.deepEqual([empty.records, empty.kept], [0, 0]);
});

test('a record is rendered again by what is in force then, and by no format that it was not rendered by', () => {
  const formatter = new Formatter(emptyRecordPolicy);
  const scan = new LargeScan();
  const before = formatter.line(defaultLineOptions, 'before');
  const after = formatter.line(defaultLineOptions, 'after');
  const record = '{"time":"","request":{"data":{"k":"value"}},"extra":"clear"}';
  scan.take({
    kind: 'scan',
    chunks: [Buffer.from(record)],
    request: requestOf(formatter, [before]),
  });
  formatter.setPolicy({ ...emptyRecordPolicy, clearFields: ['extra'] });
  const report = scan.take({ kind: 'again', request: requestOf(formatter, [after]) })!;
  const large = new LargeRecord(report, [after]);
  assert.equal(
    after.render(large, 1e9).bytes.toString(),
    `{"time":"","request":{"data":{"k":"${after.hash('value')}"}},"extra":"clear"}\n`,
  );
  assert.throws(() => before.render(large, 1e9), /was not rendered for this device/);
});

/** Kernels that scan while the test runs. */
function kernelsOf(t: TestContext): Set<Kernel> {
  const kernels = new Set<Kernel>();
  const { scan } = Kernel.prototype;
  t.mock.method(Kernel.prototype, 'scan', function (this: Kernel, ...given: Parameters<typeof scan>) {
    kernels.add(this);
    return scan.apply(this, given);
  });
  return kernels;
}

const secret = 'hvs.MarkerSecretThatNobodyMaySee';

for (const [how, text] of [
  ['is done', `{"request":{"data":{"k":"${secret.repeat(9)}","${secret}":"${secret}"}}}\n`],
  ['is refused', `{"request":{"data":"${secret}"\n`],
  ['fails', `{"error":"${secret}"}\n{"error":"${secret}"}\n`],
] as const) {
  test(`nothing of a record or of a key is left when the scan of it ${how}`, (t) => {
    const kernels = kernelsOf(t);
    const formatter = new Formatter(emptyRecordPolicy);
    const request = requestOf(formatter, [formatter.line(defaultLineOptions, testSalt)]);
    const key = Buffer.from(request.recipes[0]!.midstates);
    const chunks = pieces(Buffer.from(text));
    const scan = new LargeScan();
    if (how === 'fails') {
      assert.throws(
        () => scan.take({ kind: 'scan', chunks, request }),
        (error: Error) => /more than one/.test(error.message) && !error.message.includes('Marker'),
      );
    } else {
      scan.take({ kind: 'scan', chunks, request });
      scan.take({ kind: 'done' });
    }
    for (const chunk of chunks) assert.ok(chunk.equals(Buffer.alloc(chunk.length)));
    assert.ok(request.recipes[0]!.midstates.every((byte) => byte === 0));
    assert.equal(kernels.size, 1);
    for (const { memory } of kernels) {
      for (const piece of [secret, secret.slice(0, 8), secret.slice(-8), key.subarray(0, 4), testSalt])
        assert.equal(memory.indexOf(piece), -1);
    }
  });
}

test('one kernel serves records of the same size and policy', (t) => {
  const kernels = kernelsOf(t);
  const formatter = new Formatter(emptyRecordPolicy);
  const format = formatter.line(defaultLineOptions, testSalt);
  const scan = new LargeScan();
  const take = (bytes: number): void => {
    const chunks = [Buffer.from(`{"error":"${'x'.repeat(bytes)}"}`)];
    scan.take({ kind: 'scan', chunks, request: requestOf(formatter, [format]) });
    scan.take({ kind: 'done' });
  };
  for (const bytes of [1_000, 1_000_000, 100]) take(bytes);
  assert.equal(kernels.size, 1);
  take(3_000_000);
  take(2_000_000);
  assert.equal(kernels.size, 2);
  formatter.setPolicy({ ...emptyRecordPolicy, clearFields: ['extra'] });
  take(100);
  assert.equal(kernels.size, 3);
});
