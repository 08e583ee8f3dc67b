import { TornCharacter } from './torn-character.ts';
import { numberRest } from './torn-json.ts';
import type { TornText } from './torn-text.ts';

const namespace = 'http://www.ibm.com/xmlns/prod/2009/jsonx';
const types = ['object', 'array', 'string', 'null', 'number', 'boolean'];
const references = ['&amp;', '&lt;', '&gt;', '&quot;', '&#9;', '&#10;', '&#13;'];
const torn = 'json:boolean name="torn">true</json:boolean>';
/** Opening tags of a type, the one without a name first. */
const tagsOf = types.map((type) => {
  const end = type === 'null' ? ' />' : '>';
  return [`json:${type}${end}`, `json:${type} name=""${end}`] as const;
});
const elementTags = tagsOf.flat();
const memberTags = tagsOf.flatMap(([plain, named]) => [named, plain]);
/** Longer is no tag of a line, apart from what is in quotes. */
const longestTag = 40;

/** A record's JSONx as the kernel writes it, from its beginning to where it was cut off. */
export class TornJsonx implements TornText {
  readonly #fragment: boolean;
  /** The types of what is open. */
  readonly #open: string[] = [];
  /** `end`: the record is whole. A fragment never is, as far as anybody can see. */
  #place: 'content' | 'tag' | 'attribute' | 'end' = 'content';
  /** The tag under way, behind its `<` and without what is in its quotes. */
  #tag = '';
  #character = new TornCharacter();
  /** A reference under way, from its `&` on. */
  #reference = '';
  /** The beginning of the text of the innermost element, or of the attribute. */
  #text = '';
  #last = '';
  #known = false;

  constructor(fragment: boolean) {
    this.#fragment = fragment;
  }

  get known(): boolean {
    return this.#known;
  }

  take(byte: number): boolean {
    const next = String.fromCharCode(byte);
    if (byte < 0x20 || this.#place === 'end') return false;
    if (this.#place === 'tag') return this.#inTag(next);
    if (this.#reference !== '') return this.#inReference(next);
    if (!this.#character.take(byte)) return false;
    switch (next) {
      case '&':
        this.#reference = next;
        break;
      case '<':
        if (this.#place === 'attribute') return false;
        this.#place = 'tag';
        this.#tag = '';
        return true;
      case '>':
        return false;
      case '"':
        if (this.#place === 'content') return false;
        this.#place = 'tag';
        this.#tag += '""';
        return true;
    }
    if (this.#text.length < namespace.length) this.#text += next;
    this.#last = next;
    return this.#place === 'attribute' || this.#open.length > 0;
  }

  #inReference(next: string): boolean {
    this.#reference += next;
    const known = references.some((reference) => reference.startsWith(this.#reference));
    if (references.includes(this.#reference)) this.#reference = '';
    return known;
  }

  #inTag(next: string): boolean {
    if (next === '"') {
      this.#place = 'attribute';
      this.#text = '';
      return this.#tag.endsWith('=');
    }
    if (next !== '>') {
      this.#tag += next;
      return this.#tag.length <= longestTag && this.#wantedTags().some((each) => each.startsWith(this.#tag));
    }
    if (!this.#wantedTags().includes(`${this.#tag}>`)) return false;
    this.#closeTag();
    return true;
  }

  /** What the tag under way does once it is whole. */
  #closeTag(): void {
    this.#known = true;
    this.#place = 'content';
    this.#text = '';
    this.#last = '';
    if (this.#tag.startsWith('/')) {
      this.#open.pop();
      if (this.#open.length === 0 && !this.#fragment) this.#place = 'end';
    } else if (!this.#tag.startsWith('json:null')) {
      this.#open.push(/^json:[a-z]+/.exec(this.#tag)![0].slice('json:'.length));
    }
  }

  /** What the tag under way may become, what suits its place first. */
  #wantedTags(): readonly string[] {
    const tag = this.#tag;
    const parent = this.#open.at(-1);
    if (tag.startsWith('/')) return parent === undefined ? [] : [`/json:${parent}>`];
    if (parent === undefined && !this.#fragment)
      return [`json:object xmlns:json="${tag.includes('"') ? '' : namespace}">`];
    return parent === 'array' ? elementTags : memberTags;
  }

  /** What the tag under way wants behind it; `>` when it is none. */
  #tagRest(): string {
    const wanted = this.#wantedTags().find((each) => each.startsWith(this.#tag));
    return wanted === undefined ? '>' : wanted.slice(this.#tag.length);
  }

  rest(): Buffer {
    if (this.#place === 'end') return Buffer.alloc(0);
    const parts: (string | Buffer)[] = [];
    if (this.#place === 'attribute') {
      parts.push(this.#textRest());
      if (this.#tag.endsWith('xmlns:json=')) parts.push(namespace.slice(this.#text.length));
      parts.push('"');
      this.#tag += '""';
      this.#place = 'tag';
    }
    const top = this.#fragment ? 0 : 1;
    if (this.#place === 'tag' && this.#tag === '' && this.#open.length === top) {
      parts.push(torn);
    } else {
      if (this.#place === 'tag') parts.push(this.#finishTag());
      else parts.push(this.#textRest());
      if ((this.#place as string) === 'end') return joined(parts);
      if (this.#open.length === 0 && !this.#fragment) {
        parts.push(`<json:object xmlns:json="${namespace}">`);
        this.#open.push('object');
      }
      parts.push(this.#valueRest());
      while (this.#open.length > top) parts.push(`</json:${this.#open.pop()}>`);
      parts.push(`<${torn}`);
    }
    if (!this.#fragment) parts.push('</json:object>');
    return joined(parts);
  }

  #finishTag(): string {
    const before = this.#tag.length;
    if (this.#tag === '' && this.#open.length > 0) this.#tag = '/';
    this.#tag += this.#tagRest().slice(0, -1);
    const added = `${this.#tag.slice(before)}>`;
    this.#closeTag();
    return added;
  }

  /** Completes a reference, or a character. */
  #textRest(): Buffer {
    if (this.#reference === '') return this.#character.rest();
    const whole = references.find((reference) => reference.startsWith(this.#reference))!;
    return Buffer.from(whole.slice(this.#reference.length));
  }

  /** Completes the text of the innermost element to a value of its type. */
  #valueRest(): string {
    switch (this.#open.at(-1)) {
      case 'number':
        return numberRest(this.#last);
      case 'boolean':
        return ['false', 'true'].find((word) => word.startsWith(this.#text))?.slice(this.#text.length) ?? '';
      default:
        return '';
    }
  }
}

function joined(parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}
