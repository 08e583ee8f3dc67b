/** What programs that compress put behind a name. */
const compressed = /\.(?:gz|bz2|xz|zst|lz4|Z)$/;

/** `.1`, `.old`, and dates behind a sign: `-20261127`, `-2026-11-27`, `-20261127-1764213649`. */
const rotation = /^(?:\.\d{1,9}|\.old|[._-]\d{4}[\d._:T-]*)$/;

/**
 * Whether a rotation may give what was written to the file `name` the name `other`: a number or a date behind the
 * name or before its extension, compressed or not, as logrotate, newsyslog and savelog do it.
 */
export function isRotatedName(name: string, other: string): boolean {
  const plain = other.replace(compressed, '');
  if (plain.startsWith(name) && rotation.test(plain.slice(name.length))) return true;
  const dot = name.lastIndexOf('.');
  if (dot <= 0) return false;
  const [stem, extension] = [name.slice(0, dot), name.slice(dot)];
  const between = plain.slice(stem.length, plain.length - extension.length);
  return plain.startsWith(stem) && plain.endsWith(extension) && rotation.test(between);
}
