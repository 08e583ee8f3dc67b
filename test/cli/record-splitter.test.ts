import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordSplitter } from '../../cli/record-splitter.ts';

const line = fc.constantFrom('', '\r', 'a', 'bc\r', '\rd', '{"x":1}', ' ', '\r\r');

test('however the input is cut, the same records come out with their line numbers', () => {
  const pieces = fc.array(fc.nat(6), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 30 }),
      fc.boolean(),
      pieces,
      fc.integer({ min: 1, max: 5 }),
      (lines, ended, sizes, room) => {
        const input = Buffer.from(lines.join('\n') + (ended ? '\n' : ''));
        const expected = lines
          .map((text, index) => ({ text: text.replace(/\r$/, ''), line: index + 1 }))
          .filter(({ text }) => text !== '');
        const splitter = new RecordSplitter();
        let output = '';
        const starts: number[] = [];
        const take = (): void => {
          for (let run = splitter.next(room); run !== null; run = splitter.next(room)) {
            assert.ok(run.starts <= room);
            assert.ok(run.bytes.length > 0);
            for (let index = 0; index < run.starts; index++) starts.push(run.firstLine + index);
            output += Buffer.from(run.bytes).toString();
          }
        };
        let at = 0;
        for (let index = 0; at < input.length; index++) {
          const size = 1 + sizes[index % sizes.length]!;
          splitter.push(input.subarray(at, at + size));
          take();
          at += size;
        }
        const rest = splitter.end();
        if (rest !== null) output += Buffer.from(rest.bytes).toString();
        assert.deepEqual(
          starts,
          expected.map((one) => one.line),
        );
        assert.deepEqual(
          output
            .split('\n')
            .slice(0, -1)
            .map((text) => text.replace(/\r$/, '')),
          expected.map((one) => one.text),
        );
      },
    ),
    { numRuns: 2000 },
  );
});
