import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGoBoolean } from '../../config/go-boolean.ts';

test("exactly the spellings of Go's ParseBool are booleans", () => {
  for (const word of ['1', 't', 'T', 'TRUE', 'true', 'True']) assert.equal(parseGoBoolean(word), true, word);
  for (const word of ['0', 'f', 'F', 'FALSE', 'false', 'False'])
    assert.equal(parseGoBoolean(word), false, word);
  for (const word of ['', 'yes', 'no', 'on', 'tRUE', ' true', '2', 'null']) {
    assert.equal(parseGoBoolean(word), null, word);
  }
});
