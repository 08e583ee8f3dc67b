// The kernel: is this JSON valid, which strings are hashed, what are the output bytes? Everything it works on is handed
// over in its memory, at the places told below; format/kernel.ts is its only caller.
import { finishHashes, hashInto } from './hmac';
import * as place from './layout';
import { useMidstates } from './midstates';
import { wipeHashing } from './wipe';

export { layout } from './layout';
export { useLine } from './line';
export { deriveMidstates, useMidstates } from './midstates';
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
export function statusesPlace(): usize {
  return place.statuses;
}
export function endsPlace(): usize {
  return place.ends;
}
export function prefixPlace(): usize {
  return place.PREFIX;
}
export function timePlace(): usize {
  return place.TIME;
}
export function midstatesPlace(): usize {
  return place.MIDSTATES;
}
/** Where a key of 64 bytes is put for `deriveMidstates`. */
export function keyPlace(): usize {
  return place.STAGE;
}

/** Writes the 64 digits for the `length` bytes at `input` to where `digestPlace` says; the midstates are in use. */
export function hashInput(length: usize): void {
  useMidstates();
  hashInto(place.input, length, place.DIGESTS);
  finishHashes();
  wipeHashing();
}
export function digestPlace(): usize {
  return place.DIGESTS;
}
