// The kernel: is this JSON valid, which strings are hashed, what are the output bytes? Its only caller, format/kernel.ts, puts
// what it works on into its memory, at the places below.
import { TIME_TEXT } from './added-time';
import { finishHashes } from './hmac';
import * as place from './layout';
import { kindsFor } from './line';
import { useMidstates } from './midstates';
import { RECORD_BYTES } from './numbers/record-table';
import { HASH_LENGTH, putHashOf } from './replacement';
import { wipeHashing } from './wipe';

export { useTime } from './added-time';
export { layout } from './layout';
export { useLine } from './line';
export { deriveMidstates, useMidstates } from './midstates';
export { nameHash } from './policy';
export { measureLines, renderLines } from './render';
export { keptCount, scan } from './scan';
export { wipeBatch, wipeHashing } from './wipe';

export function policyPlace(): usize {
  return place.POLICY;
}
export function inputPlace(): usize {
  return place.input;
}
export function recordsPlace(): usize {
  return place.records;
}
export function planPlace(): usize {
  return place.plan;
}
/** The kinds of plan entry that count for a record in the line that was chosen with `useLine`. */
export function lineKinds(record: u32): u32 {
  return kindsFor(place.records + (record as usize) * RECORD_BYTES);
}
export function statusesPlace(): usize {
  return place.statuses;
}
export function endsPlace(): usize {
  return place.ends;
}
export function levelCountsPlace(): usize {
  return place.LEVEL_COUNTS;
}
export function prefixPlace(): usize {
  return place.PREFIX;
}
export function timePlace(): usize {
  return TIME_TEXT;
}
export function midstatesPlace(): usize {
  return place.MIDSTATES;
}
/** Where `deriveMidstates` finds the key, filled up with zeros to the length of a block. */
export function keyPlace(): usize {
  return place.STAGE;
}

/** Writes the hash of the `length` bytes at `input` to `hashPlace`, by the midstates at `MIDSTATES`; returns the hash's length. */
export function hashInput(length: usize): usize {
  useMidstates();
  putHashOf(place.DIGESTS, place.input, length);
  finishHashes();
  wipeHashing();
  return HASH_LENGTH;
}
export function hashPlace(): usize {
  return place.DIGESTS;
}
