/**
 * The path a device is known by, with its one trailing slash: `siem` and `siem/` are the same device. `null` for
 * what cannot be a path: nothing, an empty segment (`a//b`, a slash in front), `.` or `..` (HTTP clients resolve
 * them away, and the API could not name the device), or a control character.
 */
export function normaliseDevicePath(text: string): string | null {
  const path = text.endsWith('/') ? text : `${text}/`;
  const segments = path.slice(0, -1).split('/');
  const usable = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..');
  return usable && !hasControlCharacter(path) ? path : null;
}

/** Two devices cannot share a path, nor can one lie below the other. Both with their trailing slash. */
export function pathsCollide(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

/** Control characters would break log lines and metric labels; in file names they are slips. */
export function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
