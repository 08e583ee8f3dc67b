import { escapedPoint, escapeEnd, storePoint } from './escape';
import { isMeasuring, put, putText, reserve } from './output';

/** Writes the text of the valid JSON string bytes from `at` up to `end`, for an XML element or attribute. */
export function putXmlText(at: usize, end: usize): void {
  let from = at;
  while (at < end) {
    const c: u32 = load<u8>(at);
    let point: u32 = c;
    let next = at + 1;
    if (c == 0x5c) {
      point = escapedPoint(at);
      next = escapeEnd;
    } else if (c == 0xef && load<u8>(at + 1) == 0xbf && (load<u8>(at + 2) & 0xfe) == 0xbe) {
      point = 0xfffe;
      next = at + 3;
    } else if (c != 0x26 && c != 0x3c && c != 0x3e && c != 0x22) {
      at = next;
      continue;
    }
    if (at > from) put(from, at - from);
    putXmlPoint(point);
    at = next;
    from = next;
  }
  if (at > from) put(from, at - from);
}

/** Writes one code point. XML 1.0 cannot hold some (section 2.2): they become U+FFFD; its parsers change others: they become references. */
function putXmlPoint(point: u32): void {
  switch (point) {
    case 0x26:
      return putText('&amp;');
    case 0x3c:
      return putText('&lt;');
    case 0x3e:
      return putText('&gt;');
    case 0x22:
      return putText('&quot;');
    case 9:
      return putText('&#9;');
    case 10:
      return putText('&#10;');
    case 13:
      return putText('&#13;');
  }
  if (point < 0x20 || point == 0xfffe || point == 0xffff) point = 0xfffd;
  const length: usize = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  const to = reserve(length);
  if (!isMeasuring()) storePoint(to, point);
}
