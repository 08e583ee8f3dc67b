import * as place from './layout';
import { GROUP, MIDSTATES, NAME, NAME_BYTES, SLACK } from './layout';
import { wipeOutput } from './output';
import { scratchHighest } from './plan';
import { wipeRuleTexts } from './rule-texts';

/** Clears the key material and the blocks of messages that hashing leaves behind. */
export function wipeHashing(): void {
  memory.fill(MIDSTATES, 0, GROUP - MIDSTATES);
}

/** Clears all memory that held the bytes of a batch of `length`, and no more, so that a small batch costs little. */
export function wipeBatch(length: usize): void {
  wipeHashing();
  memory.fill(NAME, 0, NAME_BYTES + SLACK);
  memory.fill(place.input, 0, length + 1);
  memory.fill(place.scratch, 0, scratchHighest - place.scratch + SLACK);
  wipeOutput();
  wipeRuleTexts();
}
