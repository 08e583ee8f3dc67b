import type { Random } from './random.ts';
import { recordId } from './record-line.ts';
import type { ClientPlan } from './scenario.ts';

/** What a line is to the daemon. Every kind gets a reply; lines that get none are between them. */
export type LineKind = 'valid' | 'unaudited' | 'invalid' | 'too_large';

/** One line that gets a reply. */
export interface ScriptedLine {
  readonly kind: LineKind;
  /** Unlike any other record's in the run. */
  readonly record: number;
  /** Where its bytes begin, and end without the line end. */
  readonly start: number;
  readonly end: number;
  /** How many bytes of the client's the daemon has read once it has to answer; past the end: the end of input. */
  readonly completeAt: number;
}

/** All that one client sends. */
export interface ClientScript {
  readonly bytes: Buffer;
  readonly lines: readonly ScriptedLine[];
}

/** Requests for this path are answered and written nowhere. */
export const unauditedPath = 'sys/health';

/** None is a record when it is cut off, either. */
const invalidTexts = [
  Buffer.from('{"type":'),
  Buffer.from('[1,2]'),
  Buffer.from('"{}"'),
  Buffer.from('nonsense'),
  Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
];

export function writeScript(
  random: Random,
  plan: ClientPlan,
  maxRecordBytes: number,
  nextRecord: () => number,
): ClientScript {
  const parts: Buffer[] = [];
  const lines: ScriptedLine[] = [];
  let length = 0;
  const add = (part: Buffer): void => {
    parts.push(part);
    length += part.length;
  };
  for (let count = 0; count < plan.records; count++) {
    if (random.chance(0.05)) add(Buffer.from(random.pick(['\n', '\r\n'])));
    const kind = drawKind(random);
    const record = nextRecord();
    const start = length;
    add(textOf(random, kind, record, maxRecordBytes));
    const end = length;
    const ended = count < plan.records - 1 || random.chance(0.7);
    if (ended) add(random.chance(0.2) ? Buffer.from('\r\n') : Buffer.from('\n'));
    const completeAt = kind === 'too_large' ? start + maxRecordBytes + 1 : ended ? length : length + 1;
    lines.push({ kind, record, start, end, completeAt });
  }
  return { bytes: Buffer.concat(parts, length), lines };
}

function drawKind(random: Random): LineKind {
  if (random.chance(0.85)) return 'valid';
  return random.pick<LineKind>(['unaudited', 'invalid', 'too_large']);
}

function textOf(random: Random, kind: LineKind, record: number, maxRecordBytes: number): Buffer {
  if (kind === 'invalid') return random.pick(invalidTexts);
  const path = kind === 'unaudited' ? unauditedPath : 'secret/data/a';
  const head = `{"type":"request","request":{"id":"${recordId(record)}","operation":"read","path":"${path}"},"n":[`;
  // Digits are copied as they are, so that a line's length is the record's and the time member's.
  const room = maxRecordBytes - head.length - 2;
  const wanted = random.pick([1, 1, 100, 400, room]);
  const digits = kind === 'too_large' ? room + random.whole(1, 300) : Math.min(wanted, room);
  return Buffer.from(`${head}${'1'.repeat(digits)}]}`);
}
