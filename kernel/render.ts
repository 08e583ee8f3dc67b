import { jsonLength, putJson } from './json';
import { putJsonx } from './jsonx';
import * as place from './layout';
import { hashedKinds, isJson } from './line';
import { PLAN_END, RECORD_BYTES } from './numbers/record-table';
import { KEPT } from './numbers/statuses';
import { beginMeasuring, beginOutput, handOver, measured } from './output';
import { hashSlots } from './replacement';
import { recordCount } from './scan';

/** The largest end of a line that 32 bits can hold. */
const MOST: u64 = 0xffffffff;

/**
 * Finds the length of every kept record's line and writes the running ends. A line is left empty when it is longer than `limit`, which
 * may be infinite, or when its end would be larger than `MOST`.
 */
export function measureLines(limit: f64): void {
  const longest: u64 = limit < (MOST as f64) ? (max(limit, 0) as u64) : MOST;
  let total: u64 = 0;
  let end = place.ends;
  let entry = place.plan;
  for (let i: u32 = 0; i < recordCount; i++) {
    const record = place.records + (i as usize) * RECORD_BYTES;
    const entriesEnd = load<usize>(record, PLAN_END);
    if (load<u8>(place.statuses + (i as usize)) == KEPT) {
      const length = lineLength(record, entry, entriesEnd);
      if (length <= longest && total + length <= MOST) total += length;
      store<u32>(end, total as u32);
      end += 4;
    }
    entry = entriesEnd;
  }
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
    if (load<u8>(place.statuses + (i as usize)) == KEPT) {
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
