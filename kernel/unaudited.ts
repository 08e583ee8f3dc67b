import { qualifiedPath } from './fields';
import { NAME } from './layout';
import { unauditedCount, unauditedPaths } from './policy';
import { same } from './text';

/** Whether the policy says that records of this path are written nowhere. */
export function isUnaudited(): bool {
  let left = unauditedCount();
  if (left == 0) return false;
  const length = qualifiedPath();
  if (length < 0) return false;
  // An entry: its length with the highest bit set for "any rest", and its text.
  for (let entry = unauditedPaths(); left > 0; left--) {
    const size = load<u32>(entry);
    const wanted = size & 0x7fffffff;
    const fits = size == wanted ? (length as u32) == wanted : (length as u32) >= wanted;
    if (fits && same(load<usize>(entry, 4), NAME, wanted as usize)) return true;
    entry += 8;
  }
  return false;
}
