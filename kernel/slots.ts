import { RECALL, RECALL_ENTRIES, SLOT_BYTES, SLOT_TABLE, SLOTS } from './layout';
import { same } from './text';

// A batch holds the same text many times: a token under `auth` and `request`, the same data in a request and its
// response. The first `SLOTS` different messages of a batch get a slot and are hashed once per device.

export const NO_SLOT: u32 = 0xffffffff;

export let slotCount: u32 = 0;

export function forgetSlots(from: u32): void {
  slotCount = from;
}

function signature(message: usize, length: usize): u32 {
  let word: u64;
  if (length >= 8) {
    word = load<u64>(message) ^ rotl(load<u64>(message + length - 8), 23);
  } else {
    word = load<u64>(message) & (((1 as u64) << ((length as u64) * 8)) - 1);
  }
  return (((word + (length as u64)) * 0x9e3779b97f4a7c15) >> 52) as u32;
}

/**
 * The slot of this message, a new one if it has none yet; `NO_SLOT` when there is no room. The recall table only gives hints, so it
 * is never cleared: a hint beyond the count is ignored, and the message in the slot is compared.
 */
export function slotOf(message: usize, length: usize, kind: u32): u32 {
  const recall = RECALL + ((signature(message, length) & ((RECALL_ENTRIES as u32) - 1)) as usize) * 2;
  const known: u32 = load<u16>(recall);
  if (known < slotCount) {
    const slot = SLOT_TABLE + (known as usize) * SLOT_BYTES;
    if (load<usize>(slot, 4) == length && same(load<usize>(slot), message, length)) {
      store<u32>(slot, load<u32>(slot, 8) | (1 << kind), 8);
      return known;
    }
  }
  if (slotCount == (SLOTS as u32)) return NO_SLOT;
  const slot = SLOT_TABLE + (slotCount as usize) * SLOT_BYTES;
  store<usize>(slot, message);
  store<usize>(slot, length, 4);
  store<u32>(slot, 1 << kind, 8);
  store<u16>(recall, slotCount);
  return slotCount++;
}
