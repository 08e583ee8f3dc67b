/** Where the id stands in any record that is made like a log's: behind `auth` at the latest. */
const mostBytes = 64 * 1024;

/** Far longer than any id; it is for a message. */
const mostCharacters = 128;

/**
 * `request.id` of a record that is not to be parsed as a whole, such as one that is too large: from the first bytes of
 * the record or of its line in JSON, whatever stands before it. Empty when it is not found there, or is no string. Nothing
 * else of a record is ever given.
 */
export function recordId(bytes: Buffer): string {
  const from = bytes.indexOf('{');
  if (from === -1) return '';
  const text = bytes.toString('utf8', from, from + mostBytes);
  let depth = 0;
  let inRequest = false;
  let key = '';
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
        depth++;
        if (depth === 2) inRequest = key === '"request"';
        key = '';
        break;
      case '[':
        depth++;
        key = '';
        break;
      case '}':
      case ']':
        depth--;
        if (depth < 2) inRequest = false;
        key = '';
        break;
      case ',':
        key = '';
        break;
      case '"': {
        const end = endOfString(text, at);
        if (end === -1) return '';
        const string = text.slice(at, end);
        if (key === '') key = string;
        else if (depth === 2 && inRequest && key === '"id"') return shown(string);
        at = end - 1;
      }
    }
  }
  return '';
}

/** Behind the closing quote; -1 when there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return -1;
}

function shown(string: string): string {
  try {
    return bounded(JSON.parse(string) as string);
  } catch {
    return '';
  }
}

/** As much of an id as a message shows. */
export function bounded(id: string): string {
  return id.length <= mostCharacters ? id : `${id.slice(0, mostCharacters)}…`;
}
