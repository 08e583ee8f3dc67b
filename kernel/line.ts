import { JSON_LINE, JSONX_FRAGMENT } from './numbers/line-formats';
import {
  ADDED_ACCESSOR,
  ADDED_TOKEN,
  ASKED_NUMBER,
  DROPPED,
  ELIDED,
  HASHED,
  HASHED_ACCESSOR,
  HASHED_HEADER,
  HASHED_NUMBER,
  HASHED_PART,
  HASHED_TIMESTAMP,
  LONE_SURROGATE,
  RENAMED,
} from './numbers/plan-kinds';
import { FLAGS } from './numbers/record-table';
import { LISTING } from './scan';

// The options of the device that is being rendered for.

let format: u32 = JSON_LINE;
let kinds: u32 = 0;
let elides: bool = false;
export let prefixLength: usize = 0;

/** `hashed` has the bit `kind` set for each kind of string, number or part that this device hashes. */
export function useLine(lineFormat: u32, hashed: u32, elide: bool, prefixBytes: usize): void {
  format = lineFormat;
  kinds = (hashed & hashedKinds(true)) | (1 << DROPPED) | (1 << RENAMED);
  if ((kinds & (1 << HASHED)) != 0) kinds |= 1 << ADDED_TOKEN;
  if ((kinds & (1 << HASHED_ACCESSOR)) != 0) kinds |= 1 << ADDED_ACCESSOR;
  // The text of XML is decoded, so that nothing is planned in the middle of a string there.
  if (lineFormat == JSON_LINE) kinds |= 1 << LONE_SURROGATE;
  elides = elide;
  prefixLength = prefixBytes;
}

export function hashedKinds(all: bool): u32 {
  const every =
    (1 << HASHED) |
    (1 << HASHED_ACCESSOR) |
    (1 << HASHED_TIMESTAMP) |
    (1 << HASHED_HEADER) |
    (1 << HASHED_PART) |
    (1 << HASHED_NUMBER) |
    (1 << ASKED_NUMBER);
  return all ? every : kinds & every;
}

/** The kinds of plan entry that count for this record on this device. */
export function kindsFor(record: usize): u32 {
  return elides && (load<u32>(record, FLAGS) & LISTING) != 0 ? kinds | (1 << ELIDED) : kinds;
}

export function isJson(): bool {
  return format == JSON_LINE;
}

export function isFragment(): bool {
  return format == JSONX_FRAGMENT;
}
