import { TornCharacter } from './torn-character.ts';
import type { TornText } from './torn-text.ts';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** One of these is in every line of ours. */
const ownNames = ['time', 'torn'];
const literals = ['true', 'false', 'null'];

/** What may come next, or what it is in the midst of. */
type Place =
  | 'object' // the record itself
  | 'first key' // or the end of the object
  | 'key'
  | 'in key'
  | 'colon'
  | 'first element' // or the end of the array
  | 'value'
  | 'in string'
  | 'in literal'
  | 'in number'
  | 'behind value'
  | 'end'; // the record is whole

/** A record's JSON, from its beginning to where it was cut off. */
export class TornJson implements TornText {
  #place: Place = 'object';
  /** The opening bytes of what is open. */
  readonly #open: number[] = [];
  readonly #string = new TornString();
  /** Bytes of a literal that are there, or the last one of a number. */
  #scalar = '';
  /** The beginning of the name of a member of the record itself. */
  #name = '';
  #known = false;

  /** Every record has a `time` when it is written; what was completed as its first member came has `torn`. */
  get known(): boolean {
    return this.#known;
  }

  take(byte: number): boolean {
    switch (this.#place) {
      case 'in key':
      case 'in string':
        if (byte !== quote || this.#string.isEscaping) {
          if (this.#name.length < 5) this.#name += String.fromCharCode(byte);
          return this.#string.take(byte);
        }
        if (this.#place === 'in key' && this.#open.length === 1)
          this.#known ||= ownNames.includes(this.#name);
        this.#place = this.#place === 'in key' ? 'colon' : 'behind value';
        return this.#string.ends();
      case 'in literal':
        return this.#literal(byte);
      case 'in number':
        if (isNumeric(byte)) {
          this.#scalar = String.fromCharCode(byte);
          return true;
        }
        this.#place = 'behind value';
    }
    if (byte === 0x20 || byte === 0x09 || byte === 0x0d) return this.#place !== 'object';
    switch (this.#place) {
      case 'object':
        return byte === openBrace && this.#begin(byte);
      case 'first key':
        return byte === closeBrace ? this.#finish(byte) : this.#key(byte);
      case 'key':
        return this.#key(byte);
      case 'colon':
        this.#place = 'value';
        return byte === colon;
      case 'first element':
        return byte === closeBracket ? this.#finish(byte) : this.#value(byte);
      case 'value':
        return this.#value(byte);
      case 'behind value':
        if (byte !== comma) return this.#finish(byte);
        this.#place = this.#open.at(-1) === openBrace ? 'key' : 'value';
        return true;
      default:
        return false;
    }
  }

  rest(): Buffer {
    if (this.#place === 'end') return Buffer.alloc(0);
    const inside = this.#string.rest();
    const closing = this.#open
      .slice(1)
      .reverse()
      .map((byte) => (byte === openBrace ? '}' : ']'))
      .join('');
    const inRecord = this.#open.length === 1;
    const torn = '"torn":true}';
    switch (this.#place) {
      case 'object':
        return Buffer.from(`{${torn}`);
      case 'first key':
        return Buffer.from(inRecord ? torn : `${closing},${torn}`);
      case 'key':
        return Buffer.from(inRecord ? torn : `"torn":true${closing},${torn}`);
      case 'in key':
        return Buffer.concat([inside, Buffer.from(`":null${closing},${torn}`)]);
      case 'in string':
        return Buffer.concat([inside, Buffer.from(`"${closing},${torn}`)]);
      default:
        return Buffer.from(`${this.#scalarRest()}${closing},${torn}`);
    }
  }

  #scalarRest(): string {
    switch (this.#place) {
      case 'colon':
        return ':null';
      case 'value':
        return 'null';
      case 'in literal':
        return literals.find((literal) => literal.startsWith(this.#scalar))!.slice(this.#scalar.length);
      case 'in number':
        return numberRest(this.#scalar);
      default:
        return '';
    }
  }

  #key(byte: number): boolean {
    this.#place = 'in key';
    this.#name = '';
    return byte === quote;
  }

  #value(byte: number): boolean {
    if (byte === openBrace || byte === openBracket) return this.#begin(byte);
    if (byte === quote) {
      this.#place = 'in string';
      return true;
    }
    if (isNumeric(byte)) {
      this.#place = 'in number';
      this.#scalar = String.fromCharCode(byte);
      return true;
    }
    this.#place = 'in literal';
    this.#scalar = '';
    return this.#literal(byte);
  }

  #literal(byte: number): boolean {
    this.#scalar += String.fromCharCode(byte);
    if (literals.includes(this.#scalar)) {
      this.#place = 'behind value';
      return true;
    }
    return literals.some((literal) => literal.startsWith(this.#scalar));
  }

  #begin(byte: number): boolean {
    this.#open.push(byte);
    this.#place = byte === openBrace ? 'first key' : 'first element';
    return true;
  }

  #finish(byte: number): boolean {
    const opened = this.#open.pop();
    this.#place = this.#open.length === 0 ? 'end' : 'behind value';
    return byte === (opened === openBrace ? closeBrace : closeBracket);
  }
}

/** What a number wants whose last character is `last`, or that has none. */
export function numberRest(last: string): string {
  return last >= '0' && last <= '9' ? '' : '0';
}

function isNumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || '+-.eE'.includes(String.fromCharCode(byte));
}

/** The inside of a JSON string. */
class TornString {
  #character = new TornCharacter();
  /** An escape that is not whole, from its backslash on. */
  #escape = '';
  /** The escape before was the first of a surrogate pair: without the other, strict readers refuse the line. */
  #halfPair = false;

  get isEscaping(): boolean {
    return this.#escape !== '';
  }

  take(byte: number): boolean {
    if (this.#escape !== '') return this.#escaped(String.fromCharCode(byte));
    if (byte === backslash) {
      this.#escape = '\\';
      return this.#character.take(byte);
    }
    this.#halfPair = false;
    return byte >= 0x20 && this.#character.take(byte);
  }

  /** At its closing quote. Whether it may end here: in the midst of a character it may not. */
  ends(): boolean {
    this.#halfPair = false;
    return this.#character.take(quote);
  }

  #escaped(next: string): boolean {
    this.#escape += next;
    const { length } = this.#escape;
    if (length === 2) {
      if (next === 'u') return true;
      this.#escape = '';
      this.#halfPair = false;
      return '"\\/bfnrt'.includes(next);
    }
    if (length === 6) {
      this.#halfPair = !this.#halfPair && opensPair(this.#escape.slice(2));
      this.#escape = '';
    }
    return /[0-9a-f]/i.test(next);
  }

  rest(): Buffer {
    if (this.#escape === '') {
      return this.#halfPair ? Buffer.from('\\udc00') : this.#character.rest();
    }
    if (this.#escape === '\\') return Buffer.from(this.#halfPair ? 'udc00' : '\\');
    const digits = this.#escape.slice(2);
    // The second half of a pair begins with `dc` to `df`.
    const wanted = this.#halfPair ? 'dc00' : '0000';
    const rest = wanted.slice(digits.length);
    return Buffer.from(!this.#halfPair && opensPair(digits + rest) ? `${rest}\\udc00` : rest);
  }
}

/** Whether four hexadecimal digits are the first half of a surrogate pair. */
function opensPair(digits: string): boolean {
  return /^d[89ab]/i.test(digits);
}
