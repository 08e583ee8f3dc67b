import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formatter, recordStatus } from '../../format/formatter.ts';
import { defaultLineOptions, emptyRecordPolicy } from '../../format/line-options.ts';
import { testSalt } from './line-of.ts';

const unauditedPaths = ['sys/health', 'sys/pprof/*', 'ns1/kv/x', 'ümlaut'];

function statuses(records: readonly string[], paths: readonly string[] = unauditedPaths): number[] {
  const formatter = new Formatter({ ...emptyRecordPolicy, unauditedPaths: paths });
  const batch = formatter.scan([Buffer.from(records.join('\n'))], 'apply', 0);
  const result = [...batch.statuses];
  batch.release();
  return result;
}

function withPath(path: string, namespace?: string): string {
  return JSON.stringify({
    request: { path, ...(namespace === undefined ? {} : { namespace: { path: namespace } }) },
  });
}

const { kept, unaudited } = recordStatus;

test('a record of such a path is not audited', () => {
  assert.deepEqual(
    statuses([
      withPath('sys/health'),
      withPath('sys/pprof/'),
      withPath('sys/pprof/heap/x'),
      withPath('ümlaut'),
      withPath('kv/x', 'ns1/'),
      withPath('kv/x', 'ns1'),
      withPath('sys/health', ''),
    ]),
    [unaudited, unaudited, unaudited, unaudited, unaudited, unaudited, unaudited],
  );
  assert.deepEqual(statuses(['{"request":{"path":"sys\\/h\\u0065alth"}}']), [unaudited]);
});

test('a path that begins like its namespace is another path: that of a real record is within the namespace', () => {
  assert.deepEqual(statuses([withPath('ns1/kv/x', 'ns1/'), withPath('ns1/kv/x', 'ns1')]), [kept, kept]);
  assert.deepEqual(statuses([withPath('ns1/kv/x', 'ns1/')], ['ns1/ns1/kv/x']), [unaudited]);
});

test('any other path is', () => {
  assert.deepEqual(
    statuses([
      withPath('sys/health/'),
      withPath('sys/healt'),
      withPath('SYS/health'),
      withPath('sys/pprof'),
      withPath('sys/health', 'ns1'),
      withPath('kv/x'),
      '{}',
      '{"path":"sys/health"}',
      '{"request":{"path":["sys/health"]}}',
    ]),
    Array.from({ length: 9 }, () => kept),
  );
});

test('a path of any length means itself, and every rest only with a star', () => {
  for (const length of [...Array.from({ length: 40 }, (_, index) => index + 1), 512, 1023]) {
    const path = 'abcdefgh'.repeat(128).slice(0, length);
    const records = [path.slice(0, -1), path, `${path}x`].map((each) => withPath(each));
    assert.deepEqual(statuses(records, [path]), [kept, unaudited, kept], path);
    assert.deepEqual(statuses(records, [`${path}*`]), [kept, unaudited, unaudited], path);
  }
});

test('the last path counts', () => {
  assert.deepEqual(
    statuses([
      '{"request":{"path":"sys/health","path":"x"}}',
      '{"request":{"path":"x","path":"sys/health"}}',
      '{"request":{"path":"sys/health"},"request":{}}',
    ]),
    [kept, unaudited, kept],
  );
});

test('the lines of a batch are those of the records that are kept, in order', () => {
  const formatter = new Formatter({ ...emptyRecordPolicy, unauditedPaths });
  const line = formatter.line(defaultLineOptions, testSalt);
  const records = [
    '{"time":"1"}',
    withPath('sys/health'),
    '{"time":',
    '{"time":"2","x":"\\u0061"}',
    withPath('sys/pprof/x'),
    '{"time":"3"}',
  ];
  const batch = formatter.scan([Buffer.from(records.join('\n'))], 'apply', 0);
  assert.deepEqual([batch.records, batch.kept], [6, 3]);
  const lines = line.render(batch, 1000);
  assert.equal(lines.ends.length, 3);
  assert.match(
    lines.bytes.toString(),
    /^\{"time":"1"\}\n\{"time":"2","x":"hmac-sha256:[0-9a-f]{64}"\}\n\{"time":"3"\}\n$/,
  );
  assert.equal(batch.describe(1).type, '');
  batch.release();
});
