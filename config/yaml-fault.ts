import type { ErrorCode } from 'yaml';

/**
 * What is said for each fault the YAML parser reports. Its own messages are never passed on: they quote the file,
 * and a file may hold what nobody should read in a log.
 */
const messages: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag of its own',
  BAD_ALIAS: 'the name of this alias or anchor cannot be used',
  BAD_COLLECTION_TYPE: 'the tag does not fit this value',
  BAD_DIRECTIVE: 'unknown directive: only a %YAML line may stand here',
  BAD_DQ_ESCAPE: 'unknown escape in a "…" text: write \\\\ for a backslash, or use \'…\'',
  BAD_INDENT: 'the indentation does not fit the lines above, or a closing ] or } is missing',
  BAD_PROP_ORDER: 'anchors and tags come after the indicator',
  BAD_SCALAR_START: 'a plain text cannot start with this character: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a map cannot start here: is there a second ": " in the line that should be in quotes?',
  BLOCK_IN_FLOW: 'indented lists and maps cannot stand inside [ ] or { }',
  DUPLICATE_KEY: 'this key is here already: a key may appear once',
  IMPOSSIBLE: 'not YAML',
  KEY_OVER_1024_CHARS: 'the key is longer than 1024 characters',
  MISSING_CHAR: 'a closing quote, bracket, comma or the space after ":" is missing',
  MULTIPLE_ANCHORS: 'a value can have one anchor',
  MULTIPLE_DOCS: 'a second document starts here: a configuration is one document',
  MULTIPLE_TAGS: 'a value can have one tag',
  MULTILINE_IMPLICIT_KEY: 'a key must fit on one line: is a ":" or a closing quote missing?',
  NON_STRING_KEY: 'a key must be a plain text',
  RESOURCE_EXHAUSTION: 'nested too deep',
  TAB_AS_INDENT: 'a tab cannot indent: use spaces',
  TAG_RESOLVE_FAILED: 'the value does not fit its tag',
  UNEXPECTED_TOKEN: 'unexpected character: is a quote, a comma or a bracket missing before it?',
};

export function yamlFault(code: ErrorCode): string {
  return messages[code] ?? messages.IMPOSSIBLE;
}
