import { decode, plainEnd } from './escape';
import { NAME, NAME_BYTES } from './layout';
import {
  METHOD,
  MOUNT_POINT,
  NAMESPACE,
  NAMESPACE_PATH,
  OPERATION,
  OUTCOME,
  PATH,
  REQUEST,
  REQUEST_ID,
  ROUTE,
  TENANT,
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
export let operationAt: usize = 0;
export let operationLength: usize = 0;
export let pathAt: usize = 0;
export let pathLength: usize = 0;
export let mountAt: usize = 0;
export let mountLength: usize = 0;
export let namespaceAt: usize = 0;
export let namespaceLength: usize = 0;
export let methodAt: usize = 0;
export let methodLength: usize = 0;
export let routeAt: usize = 0;
export let routeLength: usize = 0;
export let tenantAt: usize = 0;
export let tenantLength: usize = 0;
export let outcomeAt: usize = 0;
export let outcomeLength: usize = 0;

export function forgetFields(): void {
  hasTime = false;
  typeAt = 0;
  outcomeAt = 0;
  forgetRequest();
}

function forgetRequest(): void {
  idAt = 0;
  operationAt = 0;
  pathAt = 0;
  mountAt = 0;
  namespaceAt = 0;
  methodAt = 0;
  routeAt = 0;
  tenantAt = 0;
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
    case METHOD:
      methodAt = 0;
      break;
    case ROUTE:
      routeAt = 0;
      break;
    case TENANT:
      tenantAt = 0;
      break;
    case OUTCOME:
      outcomeAt = 0;
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
    case METHOD:
      methodAt = at;
      methodLength = length;
      break;
    case ROUTE:
      routeAt = at;
      routeLength = length;
      break;
    case TENANT:
      tenantAt = at;
      tenantLength = length;
      break;
    case OUTCOME:
      outcomeAt = at;
      outcomeLength = length;
      break;
  }
}

/** Writes the namespace of the request to `NAME`, ended by a slash unless it is empty; returns its length, or -1 when it is too long to be in a policy. */
function putNamespace(): i32 {
  if (namespaceAt == 0) return 0;
  if (namespaceLength > NAME_BYTES / 4) return -1;
  let to = decode(namespaceAt, namespaceAt + namespaceLength, NAME);
  if (to != NAME && load<u8>(to - 1) != 0x2f) store<u8>(to++, 0x2f);
  return (to - NAME) as i32;
}

/**
 * Writes `namespace/mount/` of the request to `NAME`; returns the length, or -1 when no mount of a policy can match it. The reference
 * writes a mount point that has its namespace in front already (seen on a running server); a sender may also leave it out.
 */
export function qualifiedMount(): i32 {
  if (mountAt == 0 || mountLength > NAME_BYTES / 4) return -1;
  const namespace = putNamespace();
  if (namespace < 0) return -1;
  const mount = NAME + (namespace as usize);
  const length = (decode(mountAt, mountAt + mountLength, mount) - mount) as i32;
  if (namespace == 0 || length <= namespace || !same(NAME, mount, namespace as usize))
    return namespace + length;
  memory.copy(NAME, mount, length as usize);
  return length;
}

/**
 * Writes `namespace/path` of the request to `NAME`; returns the length, or -1 when no path of a policy can match it. Unlike a mount
 * point, the path of a real record never has the namespace in front, so that a path which begins like it is another path.
 */
export function qualifiedPath(): i32 {
  if (pathAt == 0 || pathLength > NAME_BYTES / 4) return -1;
  const namespace = putNamespace();
  if (namespace < 0) return -1;
  return (decode(pathAt, pathAt + pathLength, NAME + (namespace as usize)) - NAME) as i32;
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

const REFUSED = memory.data<u8>([0x72, 0x65, 0x66, 0x75, 0x73, 0x65, 0x64, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** Whether the type is that of lines which only the daemon itself writes, however it is spelt. */
export function isOwnType(): bool {
  return reads(typeAt, typeLength, REFUSED, 7);
}
