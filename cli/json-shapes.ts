/** An object of JSON, or an array: what has members. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function isArrayOf<T>(value: unknown, is: (member: unknown) => member is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** JSON, or `undefined`: the error that JSON.parse throws quotes what it read. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
