import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Framing, frameLines } from '../../../devices/transport/framing.ts';
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

test('octet counting puts the bytes of the message before it, its newline among them', () => {
  const frames = frameLines(linesOf(['a', 'é']), 'octet-counting');
  assert.equal(frames.bytes.toString(), '2 a\n3 é\n');
  assert.deepEqual(frames.ends, Uint32Array.of(4, 9));
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

test('a message over the limit, header included and the newline where it is counted, becomes an empty frame', () => {
  const lines = linesOf(['123456', '1234567', '12345678', '1', '12345678']);
  const framed = (framing: Framing) => frameLines(lines, framing, Buffer.from('h '), 9);
  assert.deepEqual(emptyFrames(framed('newline')), [2, 4]);
  assert.equal(framed('newline').bytes.toString(), 'h 123456\nh 1234567\nh 1\n');
  assert.deepEqual(emptyFrames(framed('octet-counting')), [1, 2, 4]);
  assert.equal(framed('octet-counting').bytes.toString(), '9 h 123456\n4 h 1\n');
});
