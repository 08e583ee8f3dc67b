const trueWords: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const falseWords: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** The spellings Go's strconv.ParseBool takes, which is how Vault reads an option; `null` for any other. */
export function parseGoBoolean(text: string): boolean | null {
  if (trueWords.has(text)) return true;
  return falseWords.has(text) ? false : null;
}
