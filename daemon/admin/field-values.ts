import { parseGoBoolean } from '../../config/go-boolean.ts';
import { AdminRefused } from './admin-control.ts';
import { JsonNumber, type JsonObject, type JsonValue } from './json-text.ts';

/** How `true` and `false` are written where text is wanted. */
export type BooleanTexts = readonly [no: string, yes: string];

/** Text, a number as it was written, or a boolean in the words given; `null` for what is none of these. */
export function textOf(value: JsonValue, booleans: BooleanTexts = ['false', 'true']): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return booleans[value ? 1 : 0];
  return value instanceof JsonNumber ? value.text : null;
}

/** A field that may be left out, or be null: then it is empty. */
export function textField(fields: JsonObject, name: string, booleans?: BooleanTexts): string {
  const value = fields.get(name) ?? null;
  if (value === null) return '';
  return textOf(value, booleans) ?? refuse(name, 'text');
}

/** True or false, also in the spellings of Go's ParseBool; false when it is left out or empty. */
export function booleanField(fields: JsonObject, name: string): boolean {
  const value = fields.get(name) ?? null;
  if (value === null) return false;
  const text = textOf(value);
  if (text === '') return false;
  return (text === null ? null : parseGoBoolean(text)) ?? refuse(name, 'true or false');
}

/** A list of texts, or one text with commas between; `undefined` when it is left out. Blanks and empty parts go. */
export function listField(fields: JsonObject, name: string): readonly string[] | undefined {
  const value = fields.get(name) ?? null;
  if (value === null) return undefined;
  const text = textOf(value);
  const parts =
    text !== null ? text.split(',') : Array.isArray(value) ? value.map((each) => textOf(each)) : [null];
  const list: string[] = [];
  for (const part of parts) {
    if (part === null) refuse(name, 'a list of texts, or one text with commas between');
    if (part.trim() !== '') list.push(part.trim());
  }
  return list;
}

/** Many times the options of any device. */
const mostTexts = 1000;

/** A map of texts, also as a list of `key=value` or one such text, as Vault takes it; empty when it is left out. */
export function textsField(fields: JsonObject, name: string, what: string): Record<string, string> {
  const value = fields.get(name) ?? null;
  if (value === null) return {};
  const count = value instanceof Map ? value.size : Array.isArray(value) ? value.length : 1;
  if (count > mostTexts) refuse(name, `at most ${mostTexts} entries`);
  if (!(value instanceof Map)) return pairs(Array.isArray(value) ? value : [value as JsonValue], name);
  const texts = [...value].map(([key, each]): [string, string] => {
    const text = textOf(each);
    // The value is not shown: it may be a password.
    if (text === null)
      throw new AdminRefused(`Cannot use ${what} "${key}": wanted text, a number, true or false`);
    return [key, text];
  });
  return Object.fromEntries(texts);
}

function pairs(values: readonly JsonValue[], name: string): Record<string, string> {
  const texts = values.map((value): [string, string] => {
    const at = typeof value === 'string' ? value.indexOf('=') : -1;
    // Not shown either.
    if (typeof value !== 'string' || at < 1)
      return refuse(name, 'an object, or a list of texts such as "key=value"');
    return [value.slice(0, at), value.slice(at + 1)];
  });
  return Object.fromEntries(texts);
}

function refuse(name: string, wanted: string): never {
  throw new AdminRefused(`Cannot use field "${name}": wanted ${wanted}`);
}
