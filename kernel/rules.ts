import { RULE_TEXTS } from './layout';
import {
  END,
  TEST_BEFORE,
  TEST_LENGTH,
  TEST_MASK,
  TEST_MORE,
  TEST_NO,
  TEST_TEXT,
  TEST_WANTED,
  TEST_WINDOW,
  TEST_YES,
} from './numbers/rule-tables';
import { firstTest, ruleTexts } from './policy';
import { readRuleTexts } from './rule-texts';
import { same } from './text';

/** The level at which the record that was scanned is written, and the rule that says so: an end without its flag. */
export function levelOf(): u32 {
  let step = firstTest();
  if ((step & END) == 0) {
    readRuleTexts(ruleTexts());
    do {
      const test = step as usize;
      step = load<u32>(test + (isPassed(test) ? TEST_YES : TEST_NO));
    } while ((step & END) == 0);
  }
  return step & ~END;
}

function isPassed(test: usize): bool {
  const text = RULE_TEXTS + load<usize>(test, TEST_TEXT);
  // What is no text is too long for every test.
  if (load<u32>(text, 4) - load<u32>(test, TEST_LENGTH) > load<u32>(test, TEST_MORE)) return false;
  const at = load<usize>(text);
  // The end of what is wanted, because the paths of one server begin alike.
  const before = load<usize>(test, TEST_BEFORE);
  const differ = v128.xor(v128.load(at + before), v128.load(test, TEST_WINDOW));
  if (v128.any_true(v128.and(differ, v128.load(test, TEST_MASK)))) return false;
  return before == 0 || same(at, load<usize>(test, TEST_WANTED), before);
}
