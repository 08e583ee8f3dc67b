// What the profile `api` leaves readable, and what it hashes in a readable text, written down a second time: on the whole text at
// once and by patterns, where the kernel walks from byte to byte.

const urls: readonly string[] = ['request.path', 'request.route', 'response.redirect'];

const texts: readonly RegExp[] = [
  /^(type|time|forwarded_from|outcome|reason|policy|service\.[^.[]*)$/,
  /^(response\.)?auth\.(display_name|entity_id|token_type|token_issue_time)$/,
  /^(response\.)?auth\.(policies|token_policies|identity_policies)(\[\])?$/,
  /^(response\.)?auth\.external_namespace_policies(\.[^.[]*)?(\[\])?$/,
  /^(response\.)?auth\.(policy_results|metadata)[.[]/,
  /^auth\.(user_id|method|on_behalf_of|(roles|scopes)(\[\])?)$/,
  /^request\.(id|client_id|replication_cluster|operation|remote_address|client_certificate_serial_number)$/,
  /^request\.(method|host|protocol|remote_port|forwarded_for(\[\])?|user_agent|traceparent|bytes|tenant)$/,
  /^(request|response)\.mount_[^.[]*$/,
  /^request\.namespace[.[]/,
  /^resource\.(type|id|tenant)$/,
  /^response\.(status|bytes|duration_ms|secret\.lease_id|wrap_info\.creation_(time|path)|warnings(\[\])?)$/,
];

const urlHeaders: readonly string[] = [
  ...['referer', 'location', 'content-location'],
  ...['x-original-url', 'x-rewrite-url', 'x-original-uri', 'x-forwarded-uri'],
];

/** What they say of a place: records have the same places again and again. */
const textPlaces = new Map<string, boolean>();

/** Whether a place (`a.b[]`) is readable, and as what. */
export function readableAt(place: string): 'url' | 'text' | null {
  if (urls.includes(place)) return 'url';
  let isText = textPlaces.get(place);
  if (isText === undefined) {
    isText = texts.some((pattern) => pattern.test(place));
    textPlaces.set(place, isText);
  }
  return isText ? 'text' : null;
}

export function readableHeader(name: string): 'url' | 'text' {
  return urlHeaders.includes(name) ? 'url' : 'text';
}

/** One character: as the record spells it, in latin1, and the bytes it stands for. */
interface Character {
  readonly spelt: string;
  readonly bytes: Buffer;
}

function charactersOf(spelt: string): Character[] {
  const units = spelt.match(/\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\?./gs) ?? [];
  return units.map((unit) => ({
    spelt: unit,
    bytes: unit.startsWith('\\')
      ? Buffer.from(JSON.parse(`"${unit}"`) as string)
      : Buffer.from(unit, 'latin1'),
  }));
}

type Range = readonly [from: number, to: number];

/** The string, whose bytes between the quotes are `spelt`, with the hash of each part that has to be hashed. */
export function readableText(spelt: string, as: 'url' | 'text', hash: (value: Buffer) => string): string {
  const characters = charactersOf(spelt);
  // One letter for each character, so that places in it are places among the characters.
  const text = characters
    .map(({ bytes }) => (bytes.length === 1 && bytes[0]! < 128 ? bytes.toString() : 'x'))
    .join('');
  let result = '';
  let at = 0;
  for (const [from, to] of hashedRanges(text, as)) {
    const part = characters.slice(from, to).map(({ bytes }) => bytes);
    result += `${speltOf(characters.slice(at, from))}${hash(Buffer.concat(part))}`;
    at = to;
  }
  return result + speltOf(characters.slice(at));
}

function speltOf(characters: readonly Character[]): string {
  return characters.map(({ spelt }) => spelt).join('');
}

function hashedRanges(text: string, as: 'url' | 'text'): Range[] {
  const mark = as === 'url' ? firstOf(/[?#]/g, text, () => true) : markOf(text);
  const ranges = usersOf(text.slice(0, mark), as === 'text', mark < text.length);
  const fragment = text[mark] === '?' && text.includes('#', mark) ? text.indexOf('#', mark) : text.length;
  return [
    ...ranges,
    ...valuesOf(text, mark + 1, Math.max(mark, fragment)),
    ...valuesOf(text, fragment + 1, text.length),
  ];
}

function firstOf(pattern: RegExp, text: string, fits: (at: number) => boolean): number {
  for (const { index } of text.matchAll(pattern)) if (fits(index)) return index;
  return text.length;
}

/** Where a query or fragment begins in a text that may be no URL at all. */
function markOf(text: string): number {
  if (/^[\0- ]*[/\\?#]/.test(text)) return firstOf(/[?#]/g, text, () => true);
  const known = /(?<=:|[\0- ])[/\\]{2}/.exec(text)?.index ?? text.length;
  return firstOf(/[?#]/g, text, (at) => {
    if (at > known || /[/\\][^\0- ]*$/.test(text.slice(0, at))) return true;
    const rest = text.slice(at + 1);
    return text[at] === '?' ? /^[^ ]/.test(rest) : /^[^\0- =]*=/.test(rest);
  });
}

/** The users before hosts; `marked` says that a query or fragment follows the text. */
function usersOf(text: string, alsoBare: boolean, marked: boolean): Range[] {
  const hosts = [...text.matchAll(/(?<=^|[\0- :])[/\\]{2,}([^/\\]*)/g)].map((match): Range => {
    const to = match.index + match[0].length;
    return [to - match[1]!.length, to];
  });
  const users = hosts.flatMap(([from, to]): Range[] => {
    const at = text.slice(from, to).lastIndexOf('@');
    return at > 0 ? [[from, from + at]] : [];
  });
  if (!alsoBare) return users;
  for (const word of text.matchAll(/(?<=^|[\0- ])[^\0- /\\]+/g)) {
    const end = word.index + word[0].length;
    const followed = end === text.length ? marked : /[/\\]/.test(text[end]!);
    const user = /^(.*:.*)@/s.exec(word[0])?.[1];
    if (!followed || user === undefined || hosts.some(([from, to]) => word.index >= from && word.index < to))
      continue;
    users.push([word.index, word.index + user.length]);
  }
  return users.sort(([one], [other]) => one - other);
}

function valuesOf(text: string, from: number, to: number): Range[] {
  const ranges: Range[] = [];
  let at = from;
  for (const part of from > to ? [] : text.slice(from, to).split(/[&;]/)) {
    const equals = part.indexOf('=');
    if (equals + 1 < part.length) ranges.push([at + equals + 1, at + part.length]);
    at += part.length + 1;
  }
  return ranges;
}
