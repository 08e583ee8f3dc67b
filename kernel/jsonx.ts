import { TIME_TEXT, timeTextLength } from './added-time';
import { headerText, headerTextLength } from './headers';
import { OPEN, PREFIX } from './layout';
import { isFragment, kindsFor, prefixLength } from './line';
import { LENGTH_BITS, LENGTH_MASK } from './numbers/limits';
import { ADDED_ACCESSOR, ADDED_TOKEN, DROPPED, ELIDED, RENAMED } from './numbers/plan-kinds';
import { PLAN_BYTES } from './numbers/plan-table';
import { FLAGS, RECORD_START } from './numbers/record-table';
import { isMeasuring, put, putByte, putNumber, putText, reserve } from './output';
import { HASH_LENGTH, putHash } from './replacement';
import { WITHOUT_TIME } from './scan';
import { closingQuote, ESCAPED } from './string';
import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, NEWLINE, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './text';
import { putXmlText } from './xml-text';

// JSONx: the record as one line of XML. The record is known to be valid, so a walk over its bytes is enough, and the walk follows
// the plan.

const OBJECT: u8 = 0;
const ARRAY: u8 = 1;

let kinds: u32 = 0;
let entry: usize = 0;
let lastEntry: usize = 0;
/** The name of the member whose value comes next: bytes of a JSON string; 0 in an array. */
let name: usize = 0;
let nameEnd: usize = 0;

/** Skips the entries that do not count for this device; returns where the next planned stretch begins. */
function nextPlanned(at: usize): usize {
  for (; entry < lastEntry; entry += PLAN_BYTES) {
    const start = load<usize>(entry);
    if (((kinds >> (load<u32>(entry, 4) >> LENGTH_BITS)) & 1) != 0 && start >= at) return start;
  }
  return usize.MAX_VALUE;
}

function open(type: string): void {
  putText('<json:');
  putText(type);
  putName();
  putByte(0x3e);
}

function openHash(kind: u32): void {
  if (kind == ADDED_TOKEN) putText('<json:string name="token">');
  else if (kind == ADDED_ACCESSOR) putText('<json:string name="accessor">');
  else open('string');
}

function putName(): void {
  if (name == 0) return;
  putText(' name="');
  putXmlText(name, nameEnd);
  putByte(0x22);
  name = 0;
}

function close(type: string): void {
  putText('</json:');
  putText(type);
  putByte(0x3e);
}

/** Writes the record's line of XML, prefix and newline included; or measures it. */
export function putJsonx(record: usize, firstEntry: usize, entriesEnd: usize): void {
  kinds = kindsFor(record);
  entry = firstEntry;
  lastEntry = entriesEnd;
  name = 0;
  if (prefixLength > 0) put(PREFIX, prefixLength);
  if (!isFragment()) putText('<json:object xmlns:json="http://www.ibm.com/xmlns/prod/2009/jsonx">');
  if ((load<u32>(record, FLAGS) & WITHOUT_TIME) != 0) {
    putText('<json:string name="time">');
    put(TIME_TEXT, timeTextLength);
    close('string');
  }
  putMembers(load<usize>(record, RECORD_START) + 1);
  if (!isFragment()) close('object');
  putByte(NEWLINE as u8);
}

function putMembers(at: usize): void {
  let depth: usize = 0;
  let wantsName = true;
  store<u8>(OPEN, OBJECT);
  let planned = nextPlanned(at);
  while (true) {
    if (at == planned) {
      const size = load<u32>(entry, 4);
      const length = (size & LENGTH_MASK) as usize;
      const reference = load<u32>(entry, 8);
      const kind = size >> LENGTH_BITS;
      entry += PLAN_BYTES;
      if (kind == RENAMED) {
        name = headerText(reference as usize) + 1;
        nameEnd = name + headerTextLength(reference as usize) - 2;
        wantsName = false;
      } else if (kind == ELIDED) {
        open('number');
        putNumber(reference);
        close('number');
        wantsName = load<u8>(OPEN + depth) == OBJECT;
      } else if (kind != DROPPED) {
        openHash(kind);
        const to = reserve(HASH_LENGTH);
        if (!isMeasuring()) putHash(to, at, length, reference);
        close('string');
        wantsName = load<u8>(OPEN + depth) == OBJECT;
      }
      at += length;
      planned = nextPlanned(at);
      continue;
    }
    const c: u32 = load<u8>(at);
    if (c <= 0x20 || c == COMMA || c == COLON) {
      at++;
      continue;
    }
    switch (c) {
      case QUOTE: {
        const end = closingQuote(at + 1) & ~ESCAPED;
        if (wantsName) {
          name = at + 1;
          nameEnd = end;
          wantsName = false;
        } else {
          open('string');
          planned = putString(at + 1, end, planned);
          close('string');
          wantsName = load<u8>(OPEN + depth) == OBJECT;
        }
        at = end + 1;
        break;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET: {
        const isObject = c == OPEN_BRACE;
        open(isObject ? 'object' : 'array');
        store<u8>(OPEN + ++depth, isObject ? OBJECT : ARRAY);
        wantsName = isObject;
        at++;
        break;
      }
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth == 0) return;
        close(c == CLOSE_BRACE ? 'object' : 'array');
        wantsName = load<u8>(OPEN + --depth) == OBJECT;
        at++;
        break;
      default:
        at = putScalar(at, c);
        wantsName = load<u8>(OPEN + depth) == OBJECT;
    }
  }
}

/** The text of a string, with hashes for the parts of it that are planned, the first of them at `planned`; returns where the next is. */
function putString(at: usize, end: usize, planned: usize): usize {
  while (planned < end) {
    putXmlText(at, planned);
    const length = (load<u32>(entry, 4) & LENGTH_MASK) as usize;
    const to = reserve(HASH_LENGTH);
    if (!isMeasuring()) putHash(to, planned, length, load<u32>(entry, 8));
    entry += PLAN_BYTES;
    at = planned + length;
    planned = nextPlanned(at);
  }
  putXmlText(at, end);
  return planned;
}

/** A number, `true`, `false` or `null`; returns the byte after it. */
function putScalar(at: usize, first: u32): usize {
  const from = at;
  for (let c = first; c > 0x20 && c != COMMA && c != CLOSE_BRACE && c != CLOSE_BRACKET; c = load<u8>(++at)) {}
  if (first == 0x6e) {
    putText('<json:null');
    putName();
    putText(' />');
    return at;
  }
  const type = first == 0x74 || first == 0x66 ? 'boolean' : 'number';
  open(type);
  put(from, at - from);
  close(type);
  return at;
}
