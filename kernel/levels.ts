import { LEVEL_COUNTS } from './layout';
import { LEVELS } from './numbers/levels';

export function forgetLevels(): void {
  memory.fill(LEVEL_COUNTS, 0, 4 * (LEVELS as usize));
}

/** Counts a record that is written at this level. */
export function countLevel(level: u32): void {
  const count = LEVEL_COUNTS + 4 * (level as usize);
  store<u32>(count, load<u32>(count) + 1);
}
