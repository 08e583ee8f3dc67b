/** What may be done with a log: reading and writing. Execute, set-id and sticky bits have no business on it. */
const usefulBits = 0o666;

/**
 * Permission bits of an octal text such as `0640`; `null` for `0000`, which leaves a file's mode as it is;
 * `undefined` when the text is no mode of a regular file.
 */
export function parseFileMode(text: string): number | null | undefined {
  if (!/^[0-7]{1,5}$/.test(text)) return undefined;
  const bits = Number.parseInt(text, 8);
  if (bits > 0o7777) return undefined;
  return bits === 0 ? null : bits & usefulBits;
}
