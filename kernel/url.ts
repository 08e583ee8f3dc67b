import { escapedPoint, escapeEnd } from './escape';
import { URL } from './numbers/actions';
import { addPart } from './plan';
import { planSurrogates, takeSurrogates } from './surrogates';
import { BACKSLASH, COLON } from './text';

// A readable text may be a path or URL, or have one in it. What senders put secrets into is hashed there: each value of the query and
// of the fragment, and the user before a host. The text is walked once, character by character, whatever is in it.

const AMPERSAND: u32 = 0x26;
const AT: u32 = 0x40;
const BLANK: u32 = 0x20;
const EQUALS: u32 = 0x3d;
const HASH: u32 = 0x23;
const QUESTION: u32 = 0x3f;
const SEMICOLON: u32 = 0x3b;
const SLASH: u32 = 0x2f;

/** The byte after the character that was read last. */
let after: usize = 0;
/** Whether escapes of lone surrogates are to be planned among the parts. */
let surrogates: bool = false;
/** Up to here they are. */
let settled: usize = 0;
/** From the word that was looked through last up to here there is no equals sign. */
let withoutEquals: usize = 0;

/** The character of the valid string bytes at `at`: an escape as what it stands for, and of one beyond ASCII perhaps only a byte. */
function character(at: usize): u32 {
  const c: u32 = load<u8>(at);
  if (c != BACKSLASH) {
    after = at + 1;
    return c;
  }
  const point = escapedPoint(at);
  after = escapeEnd;
  return point;
}

/** Browsers take a backslash for a slash. */
function isSlash(c: u32): bool {
  return c == SLASH || c == BACKSLASH;
}

/** Whether a character that begins a query or fragment, or ends a user, is among the bytes. */
function hasMarks(at: usize, end: usize): bool {
  for (; at < end; at += 16) {
    const v = v128.load(at);
    let found = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(v, i8x16.splat(0x3f)), i8x16.eq(v, i8x16.splat(0x23))),
        i8x16.eq(v, i8x16.splat(0x40)),
      ),
    );
    if (end - at < 16) found &= (1 << ((end - at) as i32)) - 1;
    if (found != 0) return true;
  }
  return false;
}

/** Plans what is hashed of a readable text, the string bytes from `at` up to `end`, by one of the actions `TEXT` and `URL`. */
export function addText(action: u32, at: usize, end: usize, escaped: bool): void {
  if (!escaped && !hasMarks(at, end)) return;
  surrogates = escaped && takeSurrogates();
  settled = at;
  withoutEquals = 0;
  const mark = head(at, end, action == URL);
  if (mark != end) parts(mark, end);
  if (surrogates) planSurrogates(settled, end);
}

/** Plans a part and the surrogates up to its end: a device that hashes the part has no need of those in it. */
function hashPart(at: usize, end: usize): void {
  if (at == end) return;
  if (surrogates) planSurrogates(settled, at);
  addPart(at, end);
  if (surrogates) planSurrogates(at, end);
  settled = end;
}

/**
 * Plans users before hosts, and returns where a query or fragment begins, or `end`. Of a path or URL, that is the first `?` or `#`. A
 * text is one, too, if it begins with a slash, `?` or `#`, and from where it has `://` or a word that begins with two slashes. In
 * any other text the mark has to look like one.
 */
function head(at: usize, end: usize, isUrl: bool): usize {
  let known = isUrl;
  let begun = false;
  /** Where the word begins that is being read, and what is in it so far. */
  let word = at;
  let slashed = false;
  let colon = false;
  /** Slashes one after the other behind a colon or the beginning of a word; -1 elsewhere. */
  let run: i32 = 0;
  /** Where the host begins, with the user before it, and the last `@` in it; 0 for none. */
  let host: usize = 0;
  let userEnd: usize = 0;
  for (; at < end; at = after) {
    const c = character(at);
    const next = after;
    if (c == QUESTION || c == HASH) {
      if (known || !begun || looksLikeMark(c, at, next, end, word, slashed)) {
        if (userEnd != 0) hashPart(host != 0 ? host : word, userEnd);
        return at;
      }
      run = -1;
    } else if (isSlash(c)) {
      if (!begun) known = true;
      if (userEnd != 0) hashPart(host != 0 ? host : word, userEnd);
      userEnd = 0;
      slashed = true;
      if (run >= 0) run++;
      host = run >= 2 ? next : 0;
      if (run == 2) known = true;
    } else if (c <= BLANK) {
      if (host == 0) userEnd = 0;
      word = next;
      slashed = false;
      colon = false;
      run = 0;
    } else {
      run = -1;
      if (c == COLON) {
        run = 0;
        colon = true;
      } else if (c == AT && (host != 0 || (colon && !slashed && !isUrl))) {
        userEnd = at;
      }
    }
    if (c > BLANK) begun = true;
    after = next;
  }
  if (host != 0 && userEnd != 0) hashPart(host, userEnd);
  return end;
}

/**
 * Whether a `?` or `#` of a text that is not known for a URL begins a query or fragment: it does when its word has a slash; a `?` when
 * anything but a blank follows, a `#` when the rest of the word has an equals sign.
 */
function looksLikeMark(c: u32, at: usize, next: usize, end: usize, word: usize, slashed: bool): bool {
  if (slashed) return true;
  if (next == end) return false;
  if (c == QUESTION) return character(next) != BLANK;
  if (next < withoutEquals) return false;
  for (let place = next; place < end; place = after) {
    const found = character(place);
    if (found == EQUALS) return true;
    if (found <= BLANK) break;
    withoutEquals = after;
  }
  return false;
}

/** Plans the values in a query and in the fragment behind it, or in a fragment alone; `at` is the mark before them. */
function parts(at: usize, end: usize): void {
  let inQuery = character(at) == QUESTION;
  at = after;
  let part = at;
  /** Where its value begins; 0 when it has had no equals sign, and is hashed whole. */
  let value: usize = 0;
  while (at < end) {
    const c = character(at);
    const next = after;
    if (c == AMPERSAND || c == SEMICOLON || (c == HASH && inQuery)) {
      hashPart(value != 0 ? value : part, at);
      if (c == HASH) inQuery = false;
      part = next;
      value = 0;
    } else if (c == EQUALS && value == 0) {
      value = next;
    }
    at = next;
  }
  hashPart(value != 0 ? value : part, end);
}
