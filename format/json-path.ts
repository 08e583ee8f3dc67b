/**
 * One step from a value to values in it: a member of that name, a member whose name begins with a text, any element of
 * an array, or everything below at any depth (one step or more).
 */
export type PathSegment =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'elements' }
  | { readonly kind: 'rest' };

/**
 * Reads a path such as `auth.metadata.**`, `request.mount_*` or `request.headers.*[]`; null when the text is no such path.
 * `*` stands at the end of a name, `**` at the end of a path.
 */
export function parseJsonPath(text: string): readonly PathSegment[] | null {
  const segments: PathSegment[] = [];
  const parts = text.split('.');
  for (const [index, part] of parts.entries()) {
    if (part === '**' && index > 0 && index === parts.length - 1) {
      segments.push({ kind: 'rest' });
      continue;
    }
    const match = /^([^*[\]]*)(\*?)((?:\[\])*)$/.exec(part);
    if (match === null || (match[1] === '' && match[2] === '')) return null;
    const name = match[1]!;
    segments.push(match[2] === '*' ? { kind: 'prefix', prefix: name } : { kind: 'name', name });
    for (let left = match[3]!.length; left > 0; left -= 2) segments.push({ kind: 'elements' });
  }
  return segments;
}
