import { jsonLength, putJson } from './json';
import { putJsonx } from './jsonx';
import * as place from './layout';
import { RECORD_BYTES } from './layout';
import { hashedKinds, isJson } from './line';
import { beginMeasuring, beginOutput, handOver, measured } from './output';
import { hashSlots } from './replacement';
import { PLAN_END, recordCount } from './scan';

/** What a 32-bit end can say. */
const MOST: u64 = 0xffffffff;

/**
 * Finds the length of every kept record's line and writes the running ends. A line longer than `limit` is left empty.
 * Returns the sum.
 */
export function measureLines(limit: u32): u32 {
  let total: u64 = 0;
  let end = place.ends;
  let entry = place.plan;
  for (let i: u32 = 0; i < recordCount; i++) {
    const record = place.records + (i as usize) * RECORD_BYTES;
    const entriesEnd = load<usize>(record, PLAN_END);
    if (load<u8>(place.statuses + (i as usize)) == 0) {
      const length = lineLength(record, entry, entriesEnd);
      if (length <= (limit as u64) && total + length <= MOST) total += length;
      store<u32>(end, total as u32);
      end += 4;
    }
    entry = entriesEnd;
  }
  return total as u32;
}

function lineLength(record: usize, entry: usize, entriesEnd: usize): u64 {
  if (isJson()) return jsonLength(record, entry, entriesEnd);
  beginMeasuring();
  putJsonx(record, entry, entriesEnd);
  return measured;
}

/** Renders the lines that `measureLines` found short enough. */
export function renderLines(): void {
  beginOutput();
  hashSlots(hashedKinds(false));
  let end = place.ends;
  let before: u32 = 0;
  let entry = place.plan;
  for (let i: u32 = 0; i < recordCount; i++) {
    const record = place.records + (i as usize) * RECORD_BYTES;
    const entriesEnd = load<usize>(record, PLAN_END);
    if (load<u8>(place.statuses + (i as usize)) == 0) {
      const after = load<u32>(end);
      if (after != before) {
        if (isJson()) putJson(record, entry, entriesEnd);
        else putJsonx(record, entry, entriesEnd);
      }
      before = after;
      end += 4;
    }
    entry = entriesEnd;
  }
  handOver();
}
