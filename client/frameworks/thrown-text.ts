/** The beginning is enough to find it; a message can hold what the caller sent. */
const mostCharacters = 1024;

/** What was thrown, in words. Anything can be thrown, also what has no text or throws again when it is asked for one. */
export function thrownText(thrown: unknown): string {
  try {
    const text: unknown = thrown instanceof Error ? thrown.message : thrown;
    return String(text).slice(0, mostCharacters);
  } catch {
    return 'something without a text';
  }
}
