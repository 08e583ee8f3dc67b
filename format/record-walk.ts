/** One step from a value to a value in it: the name of a member, or the place of an element. */
export type Step = string | number;

/** A value in a record. */
export interface Place {
  readonly kind: 'string' | 'number' | 'word' | 'object' | 'array';
  /** From the record to the value. They belong to the walk, which changes them when it goes on. */
  readonly steps: readonly Step[];
  /** The first byte of its name, where it has one. */
  readonly from: number;
  readonly at: number;
  /** The byte after it; of an object or array, the byte after its opening bracket. */
  readonly end: number;
}

const [quote, comma, colon, backslash] = [0x22, 0x2c, 0x3a, 0x5c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Every value in a record, in the order of the bytes, a container before what is in it. The kernel has found the record to be valid.
 * Nothing here calls itself: a record may be nested ten thousand deep.
 */
export function* walkRecord(record: Buffer): Generator<Place> {
  /** Of each open container: whether it is an object, and where in it the walk is. */
  const objects: boolean[] = [];
  const steps: Step[] = [];
  let at = 0;
  const next = (): number => {
    while (record[at]! <= 0x20 || record[at] === colon) at++;
    return record[at]!;
  };
  do {
    let c = next();
    if (c === closeBrace || c === closeBracket) {
      at++;
      objects.pop();
      steps.pop();
      continue;
    }
    if (c === comma) {
      at++;
      const step = steps.at(-1);
      if (typeof step === 'number') steps[steps.length - 1] = step + 1;
      c = next();
    }
    const from = at;
    if (objects.at(-1) === true) {
      at = stringEnd(record, at);
      steps[steps.length - 1] = JSON.parse(record.toString('utf8', from, at)) as string;
      c = next();
    }
    const begun = at;
    const kind = kindOf(c);
    at = kind === 'string' ? stringEnd(record, at) : wordEnd(record, at);
    yield { kind, steps, from, at: begun, end: at };
    if (kind === 'object' || kind === 'array') {
      objects.push(kind === 'object');
      steps.push(kind === 'object' ? '' : 0);
    }
  } while (objects.length > 0);
}

function kindOf(first: number): Place['kind'] {
  if (first === quote) return 'string';
  if (first === openBrace) return 'object';
  if (first === openBracket) return 'array';
  return first === 0x2d || (first >= 0x30 && first <= 0x39) ? 'number' : 'word';
}

function stringEnd(record: Buffer, at: number): number {
  let end = at + 1;
  while (record[end] !== quote) end += record[end] === backslash ? 2 : 1;
  return end + 1;
}

/** Of a number or word, and of an opening bracket. */
function wordEnd(record: Buffer, at: number): number {
  let end = at + 1;
  if (record[at] === openBrace || record[at] === openBracket) return end;
  while (end < record.length && isOfWord(record[end]!)) end++;
  return end;
}

function isOfWord(byte: number): boolean {
  return byte > 0x20 && byte !== comma && byte !== closeBrace && byte !== closeBracket;
}

/** A path as rules spell it, with the places of elements: `request.tags[0]`, `request.data["a.b"]`. Half of a surrogate pair is U+FFFD, as in a line. */
export function pathText(steps: readonly Step[]): string {
  let text = '';
  for (const step of steps) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\w-]+$/.test(step))
      text += `[${JSON.stringify(step.replaceAll(/\p{Surrogate}/gu, '\ufffd'))}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}
