import { decode, plainEnd } from './escape';
import { NAME, NAME_BYTES } from './layout';
import {
  MOUNT_POINT,
  NAMESPACE,
  NAMESPACE_PATH,
  OPERATION,
  PATH,
  REQUEST,
  REQUEST_ID,
  TIME,
  TYPE,
  WRAPPING_ACCESSOR,
  WRAPPING_TIME,
  WRAPPING_TOKEN,
} from './numbers/fields';
import { same } from './text';
import { noteWrapping } from './wrapping';

// What the daemon reads of a record: where the last value of each field lies, if it is a string. `…At` is the byte after the
// first quote, 0 when there is no such string; escapes are as spelt.

export let hasTime: bool = false;
export let typeAt: usize = 0;
export let typeLength: usize = 0;
export let idAt: usize = 0;
export let idLength: usize = 0;
let operationAt: usize = 0;
let operationLength: usize = 0;
let pathAt: usize = 0;
let pathLength: usize = 0;
let mountAt: usize = 0;
let mountLength: usize = 0;
let namespaceAt: usize = 0;
let namespaceLength: usize = 0;

export function forgetFields(): void {
  hasTime = false;
  typeAt = 0;
  forgetRequest();
}

function forgetRequest(): void {
  idAt = 0;
  operationAt = 0;
  pathAt = 0;
  mountAt = 0;
  namespaceAt = 0;
}

/** Forgets what an earlier member of the same name said: a new value of the field begins, and the last one counts, as in JSON.parse. */
export function beginField(field: u32): void {
  switch (field) {
    case TIME:
      hasTime = true;
      break;
    case TYPE:
      typeAt = 0;
      break;
    case REQUEST:
      forgetRequest();
      break;
    case REQUEST_ID:
      idAt = 0;
      break;
    case OPERATION:
      operationAt = 0;
      break;
    case PATH:
      pathAt = 0;
      break;
    case MOUNT_POINT:
      mountAt = 0;
      break;
    case NAMESPACE:
    case NAMESPACE_PATH:
      namespaceAt = 0;
      break;
    case WRAPPING_TIME:
    case WRAPPING_TOKEN:
    case WRAPPING_ACCESSOR:
      noteWrapping(field);
      break;
  }
}

export function noteField(field: u32, at: usize, length: usize): void {
  switch (field) {
    case TYPE:
      typeAt = at;
      typeLength = length;
      break;
    case REQUEST_ID:
      idAt = at;
      idLength = length;
      break;
    case OPERATION:
      operationAt = at;
      operationLength = length;
      break;
    case PATH:
      pathAt = at;
      pathLength = length;
      break;
    case MOUNT_POINT:
      mountAt = at;
      mountLength = length;
      break;
    case NAMESPACE_PATH:
      namespaceAt = at;
      namespaceLength = length;
      break;
  }
}

/** Writes namespace and path (or mount point) to `NAME`; returns the length, or -1 when they are too long to be in a policy. */
function qualified(at: usize, length: usize): i32 {
  if (length > NAME_BYTES / 4 || (namespaceAt != 0 && namespaceLength > NAME_BYTES / 4)) return -1;
  let to = NAME;
  if (namespaceAt != 0) to = decode(namespaceAt, namespaceAt + namespaceLength, to);
  if (to != NAME && load<u8>(to - 1) != 0x2f) store<u8>(to++, 0x2f);
  return (decode(at, at + length, to) - NAME) as i32;
}

/** Writes `namespace/mount/` of the request to `NAME`; returns the length, or -1 when no mount of a policy can match it. */
export function qualifiedMount(): i32 {
  return mountAt == 0 ? -1 : qualified(mountAt, mountLength);
}

/** Writes `namespace/path` of the request to `NAME`; returns the length, or -1 when no path of a policy can match it. */
export function qualifiedPath(): i32 {
  return pathAt == 0 ? -1 : qualified(pathAt, pathLength);
}

function reads(at: usize, length: usize, text: usize, textLength: usize): bool {
  if (at == 0) return false;
  if (length == textLength && same(at, text, length)) return true;
  // The longest spelling of a character has six bytes: `\u0061`.
  if (length > 6 * textLength || plainEnd(at, at + length) == at + length) return false;
  return decode(at, at + length, NAME) - NAME == textLength && same(NAME, text, textLength);
}

const LIST = memory.data<u8>([0x6c, 0x69, 0x73, 0x74, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const RESPONSE = memory.data<u8>([0x72, 0x65, 0x73, 0x70, 0x6f, 0x6e, 0x73, 0x65, 0, 0, 0, 0, 0, 0, 0, 0]);

/** Whether this is the response of a list operation (not of `scan`, which the reference leaves whole). */
export function isListResponse(): bool {
  return reads(operationAt, operationLength, LIST, 4) && reads(typeAt, typeLength, RESPONSE, 8);
}
