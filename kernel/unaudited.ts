import { qualifiedPath } from './fields';
import { NAME } from './layout';
import { ANY_REST, UNAUDITED_BYTES, UNAUDITED_LENGTH, UNAUDITED_TEXT } from './numbers/policy-tables';
import { unauditedCount, unauditedPaths } from './policy';
import { same } from './text';

/** Whether the policy says that records of this path are written nowhere. */
export function isUnaudited(): bool {
  let left = unauditedCount();
  if (left == 0) return false;
  const length = qualifiedPath();
  if (length < 0) return false;
  for (let entry = unauditedPaths(); left > 0; left--) {
    const size = load<u32>(entry, UNAUDITED_LENGTH);
    const wanted = size & ~ANY_REST;
    const fits = size == wanted ? (length as u32) == wanted : (length as u32) >= wanted;
    if (fits && same(load<usize>(entry, UNAUDITED_TEXT), NAME, wanted as usize)) return true;
    entry += UNAUDITED_BYTES;
  }
  return false;
}
