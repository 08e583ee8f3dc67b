/** A number as it was written: `1.0`, `1e3` and integers of any size keep their text. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type JsonValue = string | boolean | null | JsonNumber | readonly JsonValue[] | JsonObject;

/** Members by name, in their order; of a name that occurs twice the last counts. A map, so that no name is special. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** The text is not JSON as RFC 8259 has it. The message says where and never quotes it: it may be a secret. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
}

/** Far more than any call needs, and few enough for the stack. */
const deepest = 64;

/** The same: a MiB of small ones would keep the event loop for 0.2 s. */
const mostValues = 20_000;

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259, section 7, wants them escaped
const plain = /[^"\\\u0000-\u001f]*/y;
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const words: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };
const short: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/**
 * Reads one JSON value. Unlike JSON.parse it keeps the text of numbers and does not repeat the input when it fails.
 * Throws `NotJson`.
 */
export function parseJson(text: string): JsonValue {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    this.#take(space);
    if (this.#values++ === mostValues) throw new NotJson(`more than ${mostValues} values`);
    const first = this.#text[this.#at];
    if (first === '"') return this.#string();
    if (first === '{' || first === '[') {
      if (depth === deepest) throw new NotJson(`nested deeper than ${deepest} levels`);
      this.#at++;
      return first === '{' ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    for (const [word, meaning] of Object.entries(words)) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return meaning;
    }
    const digits = this.#take(number);
    return digits === '' ? this.#refuse() : new JsonNumber(digits);
  }

  end(): void {
    this.#take(space);
    if (this.#at < this.#text.length) this.#refuse();
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonValue>();
    if (this.#next('}')) return members;
    do {
      this.#take(space);
      const name = this.#string();
      this.#expect(':');
      members.set(name, this.value(depth));
    } while (this.#next(','));
    this.#expect('}');
    return members;
  }

  #array(depth: number): JsonValue[] {
    const values: JsonValue[] = [];
    if (this.#next(']')) return values;
    do values.push(this.value(depth));
    while (this.#next(','));
    this.#expect(']');
    return values;
  }

  #string(): string {
    this.#expect('"');
    let found = this.#take(plain);
    while (this.#text[this.#at] === '\\') {
      const written = this.#take(escaped);
      if (written === '') this.#refuse();
      found += unescaped(written) + this.#take(plain);
    }
    // Not #expect: it passes over blanks, and a line break in a string is an error.
    if (this.#text[this.#at] !== '"') this.#refuse();
    this.#at++;
    return found;
  }

  /** Whether `sign` comes next; then it is taken. */
  #next(sign: string): boolean {
    this.#take(space);
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#next(sign)) this.#refuse();
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #refuse(): never {
    if (this.#at >= this.#text.length) throw new NotJson('it ends too early');
    const line = this.#text.slice(0, this.#at).split('\n').length;
    const column = this.#at - this.#text.lastIndexOf('\n', this.#at - 1);
    throw new NotJson(`not JSON at line ${line}, column ${column}`);
  }
}

function unescaped(written: string): string {
  const letter = written[1]!;
  if (letter === 'u') return String.fromCharCode(Number.parseInt(written.slice(2), 16));
  return short[letter] ?? letter;
}
