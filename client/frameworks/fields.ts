/**
 * The fields of a query or a form as the text of an object: each name with its value, or a list where it comes again. A
 * piece without a name is a value, because names are readable in a log.
 */
export function fieldsAsJson(text: string): string {
  const fields = new Map<string, string | string[]>();
  // `&` and `;` part fields; URLSearchParams knows the first only.
  for (const piece of text.split(/[&;]/)) {
    if (piece === '') continue;
    const at = piece.indexOf('=');
    const name = at === -1 ? '' : decoded(piece.slice(0, at));
    const value = decoded(piece.slice(at + 1));
    const before = fields.get(name);
    if (before === undefined) fields.set(name, value);
    else if (typeof before === 'string') fields.set(name, [before, value]);
    else before.push(value);
  }
  return JSON.stringify(Object.fromEntries(fields));
}

function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
