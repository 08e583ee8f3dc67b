// The plain reading of RFC 8259 that the kernel is compared with: a recursive parser over the bytes as latin1 text.

/** A value with its place in the text; a string's and a name's place includes the quotes. */
export type Node = { readonly start: number; readonly end: number } & (
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  | { readonly kind: 'array'; readonly elements: readonly Node[] }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number' | 'boolean' | 'null' }
);

export interface Member {
  readonly name: string;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly value: Node;
}

export class Fault extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** What a string holds between escapes. */
const plain: RegExp = /[ !#-[\]-\xff]*/y;

// RFC 3629 section 4, syntax of UTF-8 byte sequences.
const sequences: readonly string[] = [
  String.raw`[^\x80-\xff]`,
  String.raw`[\xc2-\xdf][\x80-\xbf]`,
  String.raw`\xe0[\xa0-\xbf][\x80-\xbf]`,
  String.raw`[\xe1-\xec\xee\xef][\x80-\xbf]{2}`,
  String.raw`\xed[\x80-\x9f][\x80-\xbf]`,
  String.raw`\xf0[\x90-\xbf][\x80-\xbf]{2}`,
  String.raw`[\xf1-\xf3][\x80-\xbf]{3}`,
  String.raw`\xf4[\x80-\x8f][\x80-\xbf]{2}`,
];
const utf8: RegExp = new RegExp(`(?:${sequences.join('|')})*`, 'y');

/** Reads one JSON object; throws a `Fault` at the first byte with which the text cannot be one any more. */
export function parseRecord(text: string): Node {
  utf8.lastIndex = 0;
  utf8.test(text);
  const valid = utf8.lastIndex;
  const parser = new Parser(text);
  let node: Node;
  try {
    node = parser.record();
  } catch (error) {
    if (error instanceof Fault && error.offset >= valid && valid < text.length)
      throw new Fault(valid, 'not UTF-8');
    throw error;
  }
  if (valid < text.length) throw new Fault(valid, 'not UTF-8');
  return node;
}

/** The string between the quotes at `start` and `end - 1` of latin1 text. */
export function decoded(text: string, start: number, end: number): string {
  return JSON.parse(Buffer.from(text.slice(start, end), 'latin1').toString('utf8')) as string;
}

function isDigit(c: string): boolean {
  return c >= '0' && c <= '9';
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  record(): Node {
    this.#blanks();
    if (this.#peek() !== '{') this.#fail('not a JSON object');
    const node = this.#value(1);
    this.#blanks();
    if (this.#at < this.#text.length) this.#fail('text after the object');
    return node;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #fail(message: string, at: number = this.#at): never {
    throw new Fault(at, at === this.#text.length ? 'record ends too early' : message);
  }

  #blanks(): void {
    for (let c = this.#peek(); c === ' ' || c === '\t' || c === '\r'; c = this.#peek()) this.#at++;
  }

  #value(depth: number): Node {
    const start = this.#at;
    const first = this.#peek();
    if (first === '{') return this.#object(start, depth);
    if (first === '[') return this.#array(start, depth);
    if (first === '"') {
      this.#string();
      return { kind: 'string', start, end: this.#at, text: decoded(this.#text, start, this.#at) };
    }
    if (first === 't') return this.#literal('true', 'boolean');
    if (first === 'f') return this.#literal('false', 'boolean');
    if (first === 'n') return this.#literal('null', 'null');
    if (first === '-' || isDigit(first)) return this.#number(start);
    return this.#fail('a value is wanted');
  }

  #object(start: number, depth: number): Node {
    if (depth > 10_000) this.#fail('nested deeper than 10000');
    this.#at++;
    this.#blanks();
    const members: Member[] = [];
    if (this.#peek() === '}') {
      this.#at++;
      return { kind: 'object', start, end: this.#at, members };
    }
    for (;;) {
      if (this.#peek() !== '"') this.#fail('a name in double quotes is wanted');
      const nameStart = this.#at;
      this.#string();
      const nameEnd = this.#at;
      this.#blanks();
      if (this.#peek() !== ':') this.#fail('a colon is wanted');
      this.#at++;
      this.#blanks();
      const value = this.#value(depth + 1);
      members.push({ name: decoded(this.#text, nameStart, nameEnd), nameStart, nameEnd, value });
      this.#blanks();
      const next = this.#peek();
      if (next !== ',' && next !== '}') this.#fail('a comma or the closing bracket is wanted');
      this.#at++;
      if (next === '}') return { kind: 'object', start, end: this.#at, members };
      this.#blanks();
    }
  }

  #array(start: number, depth: number): Node {
    if (depth > 10_000) this.#fail('nested deeper than 10000');
    this.#at++;
    this.#blanks();
    const elements: Node[] = [];
    if (this.#peek() === ']') {
      this.#at++;
      return { kind: 'array', start, end: this.#at, elements };
    }
    for (;;) {
      elements.push(this.#value(depth + 1));
      this.#blanks();
      const next = this.#peek();
      if (next !== ',' && next !== ']') this.#fail('a comma or the closing bracket is wanted');
      this.#at++;
      if (next === ']') return { kind: 'array', start, end: this.#at, elements };
      this.#blanks();
    }
  }

  #string(): void {
    this.#at++;
    for (;;) {
      plain.lastIndex = this.#at;
      plain.test(this.#text);
      this.#at = plain.lastIndex;
      const c = this.#peek();
      if (c === '"') {
        this.#at++;
        return;
      }
      if (c === '' || c < ' ') this.#fail('control character in string');
      this.#at++;
      if (c !== '\\') continue;
      const letter = this.#peek();
      if (letter === '' || !'"\\/bfnrtu'.includes(letter)) this.#fail('malformed escape in string');
      this.#at++;
      if (letter !== 'u') continue;
      for (let i = 0; i < 4; i++, this.#at++) {
        if (!/^[0-9a-fA-F]$/.test(this.#peek())) this.#fail('malformed escape in string');
      }
    }
  }

  #literal(word: string, kind: 'boolean' | 'null'): Node {
    const start = this.#at;
    for (const letter of word) {
      if (this.#peek() !== letter) this.#fail('malformed literal');
      this.#at++;
    }
    return { kind, start, end: this.#at };
  }

  #number(start: number): Node {
    if (this.#peek() === '-') this.#at++;
    const zero = this.#peek() === '0';
    this.#digits();
    if (zero && this.#at - start > (this.#text[start] === '-' ? 2 : 1)) {
      this.#fail('malformed number', start + (this.#text[start] === '-' ? 2 : 1));
    }
    if (this.#peek() === '.') {
      this.#at++;
      this.#digits();
    }
    if (this.#peek() === 'e' || this.#peek() === 'E') {
      this.#at++;
      if (this.#peek() === '+' || this.#peek() === '-') this.#at++;
      this.#digits();
    }
    return { kind: 'number', start, end: this.#at };
  }

  #digits(): void {
    const start = this.#at;
    while (isDigit(this.#peek())) this.#at++;
    if (this.#at === start) this.#fail('malformed number');
  }
}
