import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameLines } from '../../../devices/transport/framing.ts';
import { emptyFrames } from '../../../devices/transport/transport.ts';
import { linesOf } from '../batches.ts';
import { countedMessages } from '../peers/stream-peer.ts';

const texts = [
  'a',
  'x'.repeat(9),
  'x'.repeat(10),
  'é'.repeat(49),
  'x'.repeat(99),
  '0 1',
  'x'.repeat(123_456),
];

test('newline framing without a header copies nothing', () => {
  const lines = linesOf(texts);
  assert.equal(frameLines(lines, 'newline'), lines);
});

test('octet counting puts the bytes of the message before it and no newline behind it', () => {
  const frames = frameLines(linesOf(['a', 'é']), 'octet-counting');
  assert.equal(frames.bytes.toString(), '1 a2 é');
  assert.deepEqual(frames.ends, Uint32Array.of(3, 7));
});

test('what octet counting frames, a reader of RFC 6587 takes apart', () => {
  const header = Buffer.from('<38>1 header ');
  const frames = frameLines(linesOf(texts), 'octet-counting', header);
  assert.deepEqual(
    countedMessages(frames.bytes),
    texts.map((text) => `${header}${text}`),
  );
});

test('a header stands before each line', () => {
  const frames = frameLines(linesOf(['a', 'b']), 'newline', Buffer.from('h '));
  assert.equal(frames.bytes.toString(), 'h a\nh b\n');
});

test('a message over the limit, header included, becomes an empty frame', () => {
  for (const framing of ['newline', 'octet-counting'] as const) {
    const frames = frameLines(
      linesOf(['1234567', '12345678', '1', '12345678']),
      framing,
      Buffer.from('h '),
      9,
    );
    assert.deepEqual(emptyFrames(frames), [1, 3]);
    const wanted = framing === 'newline' ? 'h 1234567\nh 1\n' : '9 h 12345673 h 1';
    assert.equal(frames.bytes.toString(), wanted);
  }
});
