import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordAssembler } from '../../../daemon/ingest/record-assembler.ts';

const limit = 20;
/** No record of these tests is so large. */
const ample = 1_000_000_000;

/** What comes out of the chunks: records without their line ends; one that is too large behind a mark. */
function assemble(chunks: readonly Buffer[], aloneBytes = ample): string[] {
  const records: string[] = [];
  let tooLarge: string | null = null;
  const assembler = new RecordAssembler(limit, aloneBytes, {
    records(parts, bytes, alone) {
      const text = Buffer.concat(parts).toString('latin1');
      assert.equal(text.length, bytes);
      if (alone) assert.ok(bytes >= aloneBytes && !text.slice(0, -1).includes('\n'), 'one record');
      for (const line of text.split('\n')) records.push(line.replace(/\r$/, ''));
      // The last of them is empty unless the input ended without a newline.
      if (records.at(-1) === '') records.pop();
    },
    tooLarge() {
      assert.equal(tooLarge, null);
      tooLarge = '';
    },
    passedOver(part) {
      assert.notEqual(tooLarge, null);
      tooLarge += part.toString('latin1');
    },
    passed() {
      records.push(`too large: ${tooLarge?.replace(/\r$/, '')}`);
      tooLarge = null;
    },
  });
  for (const chunk of chunks) assembler.push(chunk);
  assembler.end();
  assert.equal(assembler.heldBytes, 0);
  assert.equal(tooLarge, null);
  return records.filter((record) => record !== '');
}

/** The same by cutting the whole text at its newlines. */
function plainly(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '')
    .map((line) => (line.length > limit ? `too large: ${line}` : line));
}

function cut(text: string, places: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...places.map((place) => place % (text.length + 1)), text.length])].sort(
    (one, other) => one - other,
  );
  return at.slice(1).map((end, index) => Buffer.from(text.slice(at[index], end), 'latin1'));
}

test('any cut of any input gives the same records', () => {
  const line = fc.integer({ min: 0, max: limit + 4 }).map((length) => 'x'.repeat(length));
  const ended = fc.tuple(line, fc.constantFrom('\n', '\r\n')).map((parts) => parts.join(''));
  const text = fc.array(ended, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      text,
      line,
      fc.array(fc.nat(), { maxLength: 30 }),
      fc.integer({ min: 1, max: limit + 2 }),
      (whole, last, places, aloneBytes) => {
        assert.deepEqual(assemble(cut(whole + last, places), aloneBytes), plainly(whole + last));
      },
    ),
    { numRuns: 3_000 },
  );
});

test('a record of the full length is taken when its line end is cut in two', () => {
  const full = 'x'.repeat(limit);
  assert.deepEqual(assemble([Buffer.from(`${full}\r`), Buffer.from('\nnext\n')]), [full, 'next']);
});

test('records around one that is too large are passed on together, in order', () => {
  const passed: string[] = [];
  const assembler = new RecordAssembler(limit, ample, {
    records: (parts) => passed.push(Buffer.concat(parts).toString()),
    tooLarge: () => passed.push('too large'),
    passedOver: (part) => passed.push(part.toString()),
    passed: () => passed.push('its end'),
  });
  assembler.push(Buffer.from('a'));
  assembler.push(Buffer.from(`b\nc\n${'x'.repeat(30)}\nd\ne\nf`));
  assert.deepEqual(passed, ['ab\nc\n', 'too large', 'x'.repeat(30), 'its end', 'd\ne\n']);
});

test('a record that is too large is told with its id, wherever it was cut', () => {
  const line = `{"type":"request","request":{"id":"seven"},"more":"${'x'.repeat(100)}"}`;
  for (let at = 1; at < line.length; at++) {
    const told: string[] = [];
    const assembler = new RecordAssembler(50, ample, {
      records: () => {},
      tooLarge: (id) => told.push(id),
      passedOver: () => {},
      passed: () => {},
    });
    assembler.push(Buffer.from(`{}\n${line.slice(0, at)}`));
    assembler.push(Buffer.from(`${line.slice(at)}\n{}\n`));
    assert.deepEqual(told, ['seven'], String(at));
  }
});

test('a record of which much was held is passed on alone, and those behind it together', () => {
  const passed: [string, boolean][] = [];
  const assembler = new RecordAssembler(limit, 4, {
    records: (parts, _bytes, alone) => passed.push([Buffer.concat(parts).toString(), alone]),
    tooLarge: () => {},
    passedOver: () => {},
    passed: () => {},
  });
  for (const chunk of ['abc', 'd\ne\nfghi', 'j\nk\nl\n', 'mnop']) assembler.push(Buffer.from(chunk));
  assembler.end();
  assert.deepEqual(passed, [
    ['abcd\ne\n', false],
    ['fghij\n', true],
    ['k\nl\n', false],
    ['mnop', true],
  ]);
});

/** A sink that takes its time: what it is given stays as it is until it wipes it. */
class SlowSink {
  readonly chunks: Buffer[] = [];
  readonly records = (chunks: readonly Buffer[]): void => {
    this.chunks.push(...chunks);
  };
  readonly tooLarge = (): void => {};
  readonly passedOver = (): void => {};
  readonly passed = (): void => {};

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  wipe(): void {
    for (const chunk of this.chunks) chunk.fill(0);
  }
}

function areWiped(chunks: readonly Buffer[]): boolean {
  return chunks.every((chunk) => chunk.equals(Buffer.alloc(chunk.length)));
}

test('the sink keeps what it is given until it wipes it, and all the rest is wiped at once', () => {
  const sink = new SlowSink();
  const assembler = new RecordAssembler(limit, ample, sink);
  const chunks = [
    'abc',
    'def\nghi',
    'jkl\n',
    // Refused in the midst of it, at its end, and between two that are taken.
    'x'.repeat(30),
    'y'.repeat(30),
    `${'z'.repeat(5)}\nabc\n`,
    `m\n${'w'.repeat(30)}\nn\nrest`,
  ].map((text) => Buffer.from(text));
  for (const chunk of chunks) assembler.push(chunk);
  assembler.discard();
  assert.equal(sink.text, 'abcdef\nghijkl\nabc\nm\nn\n');
  // What is left in the chunks is the sink's.
  assert.equal(
    Buffer.concat(chunks).toString('latin1').replaceAll('\0', ''),
    'def\njkl\nabc\nm\nn\n',
    'the beginning of a record is held in a copy',
  );
  sink.wipe();
  assert.ok(areWiped(chunks));
});

test('the rest of a record that was refused is wiped as it comes, up to its newline', () => {
  const assembler = new RecordAssembler(limit, ample, new SlowSink());
  const chunks = ['x'.repeat(30), 's.secret', 's.secret\n'].map((text) => Buffer.from(text));
  for (const chunk of chunks) {
    assembler.push(chunk);
    assert.ok(areWiped([chunk]));
    assert.equal(assembler.heldBytes, 0);
  }
});

test('what comes after a discard is wiped, and no record is taken from it', () => {
  for (const before of ['', 'abc', 'abc\n', 'x'.repeat(30)]) {
    const sink = new SlowSink();
    const assembler = new RecordAssembler(limit, ample, sink);
    assembler.push(Buffer.from(before));
    assembler.discard();
    assert.equal(assembler.heldBytes, 0);
    const taken = sink.chunks.length;
    const late = ['def\nghi\n', 'jkl\n', 'mno'].map((text) => Buffer.from(text));
    for (const chunk of late) assembler.push(chunk);
    assembler.end();
    assert.ok(areWiped(late));
    assert.equal(sink.chunks.length, taken);
  }
});

test('an unfinished record costs little more memory than its bytes, however it comes', () => {
  const mebibyte = 1024 * 1024;
  const sizes: readonly (readonly number[])[] = [
    [1],
    [2],
    [100],
    [1_500],
    [16_384, 1],
    [20_000, 3],
    [1, 65_536],
  ];
  for (const cycle of sizes) {
    const sink = new SlowSink();
    const assembler = new RecordAssembler(2 * mebibyte, ample, sink);
    const parts: Buffer[] = [];
    for (let bytes = 0, part = 0; bytes < mebibyte / 4; part++) {
      // Each in memory of its own, as reads are.
      const read = Buffer.alloc(cycle[part % cycle.length]!, 97 + (part % 26));
      parts.push(Buffer.from(read));
      bytes += read.length;
      assembler.push(read);
    }
    assembler.push(Buffer.from('\n'));
    assert.ok(sink.text === `${Buffer.concat(parts).toString()}\n`);
    let memory = 0;
    for (const chunk of sink.chunks) memory += chunk.buffer.byteLength + 200;
    assert.ok(memory < (mebibyte / 4) * 2.2, `${cycle.join(', ')}: ${memory} bytes`);
  }
});

test('the end of a read does not keep the whole read in memory', () => {
  const sink = new SlowSink();
  const assembler = new RecordAssembler(100_000, ample, sink);
  assembler.push(Buffer.from(`${'a'.repeat(48_000)}\n${'b'.repeat(17_000)}`));
  sink.chunks.length = 0;
  assembler.push(Buffer.from('\n'));
  assert.equal(sink.text, `${'b'.repeat(17_000)}\n`);
  assert.ok(sink.chunks[0]!.buffer.byteLength < 20_000);
});

test('a record that is given up is passed over to its end, and wiped although the sink throws', () => {
  const parts: string[] = [];
  const assembler = new RecordAssembler(limit, ample, {
    records: () => {},
    tooLarge: () => {},
    passedOver: (part) => parts.push(part.toString()),
    passed: () => parts.push('its end'),
  });
  assembler.push(Buffer.from('abc'));
  assert.equal(assembler.skip(), true);
  assembler.push(Buffer.from('de'));
  assembler.push(Buffer.from('f'));
  assembler.end();
  assert.deepEqual(parts, ['abc', 'de', 'f', 'its end']);

  const thrower = (): never => {
    throw new Error('planted');
  };
  const broken = new RecordAssembler(limit, ample, {
    records: () => {},
    tooLarge: thrower,
    passedOver: thrower,
    passed: () => {},
  });
  const secret = Buffer.from('s.secret'.repeat(5));
  assert.throws(() => broken.push(secret), /planted/);
  assert.ok(areWiped([secret]));
});
