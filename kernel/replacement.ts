import { headerText, headerTextLength } from './headers';
import { finishHashes, hashInto } from './hmac';
import { DIGEST_BYTES, DIGESTS, SLOT_BYTES, SLOT_TABLE } from './layout';
import {
  ADDED_ACCESSOR,
  ADDED_TOKEN,
  ASKED_NUMBER,
  DROPPED,
  ELIDED,
  HASHED_HEADER,
  HASHED_NUMBER,
  HASHED_PART,
  LONE_SURROGATE,
  RENAMED,
} from './numbers/plan-kinds';
import { digits, put, putNumber, putText, reserve } from './output';
import { SLOT_FLAG } from './plan';
import { slotCount } from './slots';
import { REPLACEMENT } from './surrogates';
import { QUOTE } from './text';

// What stands in the line instead of a planned stretch of the input.

/** Bytes of a hash: `hmac-sha256:` and the digits. */
export const HASH_LENGTH: usize = 12 + 64;

/** Bytes of the replacement in a JSON line. */
export function replacementLength(kind: u32, reference: u32): usize {
  if (kind <= HASHED_HEADER) return HASH_LENGTH + 2;
  switch (kind) {
    case RENAMED:
      return headerTextLength(reference as usize);
    case ELIDED:
      return digits(reference) as usize;
    case ADDED_TOKEN:
      return 9 + HASH_LENGTH + 2;
    case ADDED_ACCESSOR:
      return 12 + HASH_LENGTH + 2;
    case LONE_SURROGATE:
      return REPLACEMENT.length as usize;
    case HASHED_PART:
      return HASH_LENGTH;
    case HASHED_NUMBER:
    case ASKED_NUMBER:
      return HASH_LENGTH + 2;
  }
  return 0;
}

/** Hashes the messages of the batch that have a slot and are hashed for a device with these kinds. */
export function hashSlots(kinds: u32): void {
  for (let slot: u32 = 0; slot < slotCount; slot++) {
    const at = SLOT_TABLE + (slot as usize) * SLOT_BYTES;
    if ((load<u32>(at, 8) & kinds) != 0) {
      hashInto(load<usize>(at), load<usize>(at, 4), DIGESTS + (slot as usize) * DIGEST_BYTES);
    }
  }
  finishHashes();
}

/** Writes `hmac-sha256:` and four bytes more, where the digits come. */
function putHashName(to: usize): void {
  v128.store(to, i8x16(104, 109, 97, 99, 45, 115, 104, 97, 50, 53, 54, 58, 0, 0, 0, 0));
}

/** Has the hash of this message written to `to`, by the end of `finishHashes` at the latest. */
export function putHashOf(to: usize, message: usize, length: usize): void {
  putHashName(to);
  hashInto(message, length, to + 12);
}

/** Has the hash of the string, part or number planned at `start` written to `to`, by the end of `finishHashes` at the latest; no quotes. */
export function putHash(to: usize, start: usize, length: usize, reference: u32): void {
  putHashName(to);
  if ((reference & SLOT_FLAG) != 0) {
    const from = DIGESTS + ((reference & ~SLOT_FLAG) as usize) * DIGEST_BYTES;
    v128.store(to, v128.load(from), 12);
    v128.store(to, v128.load(from, 16), 28);
    v128.store(to, v128.load(from, 32), 44);
    v128.store(to, v128.load(from, 48), 60);
  } else if (reference == 0) {
    // Parts, numbers and added members have no quotes around them to take away; no part begins with one that is not an escape.
    const quotes: usize = load<u8>(start) == QUOTE ? 1 : 0;
    hashInto(start + quotes, length - 2 * quotes, to + 12);
  } else {
    hashInto((reference as usize) + 4, load<usize>(reference as usize), to + 12);
  }
}

/** Writes the replacement into a JSON line. */
export function putReplacement(kind: u32, start: usize, length: usize, reference: u32): void {
  if (kind == HASHED_PART) {
    putHash(reserve(HASH_LENGTH), start, length, reference);
    return;
  }
  const added = kind == ADDED_TOKEN || kind == ADDED_ACCESSOR;
  if (added) putText(kind == ADDED_TOKEN ? ',"token":' : ',"accessor":');
  if (kind <= HASHED_HEADER || added || kind >= HASHED_NUMBER) {
    const to = reserve(HASH_LENGTH + 2);
    store<u8>(to, 0x22);
    putHash(to + 1, start, length, reference);
    store<u8>(to + 1 + HASH_LENGTH, 0x22);
  } else if (kind == RENAMED) {
    put(headerText(reference as usize), headerTextLength(reference as usize));
  } else if (kind == LONE_SURROGATE) {
    putText(REPLACEMENT);
  } else if (kind != DROPPED) {
    putNumber(reference);
  }
}
