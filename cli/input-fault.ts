/** An input is no lines of records. The message says what it is and what to do instead. */
export class InputRefused extends Error {
  override readonly name = 'InputRefused';
}

/** How files begin that a program has compressed, and the program that undoes it. */
const compressed: readonly (readonly [start: readonly number[], program: string])[] = [
  [[0x1f, 0x8b], 'zcat'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstdcat'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xzcat'],
  [[0x42, 0x5a, 0x68], 'bzcat'],
];

const blank = /^[ \t\r\n]*/;

/**
 * What an input is that begins with `head`, where it is something that is often taken for lines of records: each line of
 * it would be refused. `null` when it may be records, `unknown` when more must be seen to tell. `name` is what a shell
 * would read it by, `command` what reads it.
 */
export function inputFault(head: Buffer, name: string, command: string): string | null | 'unknown' {
  for (const [start, program] of compressed) {
    const seen = head.subarray(0, start.length);
    if (!seen.equals(Buffer.from(start.slice(0, seen.length)))) continue;
    if (seen.length < start.length) return 'unknown';
    return `it is compressed; wanted a record a line: ${program} ${name} | audit-sidecar ${command} -`;
  }
  const text = head.toString('latin1');
  if (/^(?:\xff\xfe|\xfe\xff)/.test(text)) return 'it is UTF-16; wanted UTF-8, a record a line';
  const rest = text.slice(blank.exec(text)![0].length);
  if (rest === '') return 'unknown';
  const member = rest[0] === '[' ? rest.slice(1 + blank.exec(rest.slice(1))![0].length)[0] : null;
  if (member === undefined) return 'unknown';
  if (member === '{')
    return `it is a JSON array; wanted a record a line: jq -c '.[]' ${name} | audit-sidecar ${command} -`;
  const line = rest.indexOf('\n');
  if (rest[0] !== '{' || (line < 0 ? rest : rest.slice(0, line)).trim() !== '{') return null;
  if (line < 0) return 'unknown';
  return `its records go over several lines; wanted a record a line: jq -c . ${name} | audit-sidecar ${command} -`;
}
