/** Whether requests are left out by their path or their route template. */
export class LeftOut {
  readonly #whole: ReadonlySet<string>;
  readonly #beginnings: readonly string[];

  constructor(patterns: readonly string[]) {
    this.#whole = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
    this.#beginnings = patterns
      .filter((pattern) => pattern.endsWith('*'))
      .map((pattern) => pattern.slice(0, -1));
  }

  /** Only what reads is left out: whoever may choose a path must not choose to be unseen. */
  has(method: string | undefined, path: string, route: string | undefined): boolean {
    if (this.#whole.size === 0 && this.#beginnings.length === 0) return false;
    if (method !== 'GET' && method !== 'HEAD') return false;
    return this.#hasText(path) || (route !== undefined && this.#hasText(route));
  }

  #hasText(text: string): boolean {
    if (this.#whole.has(text)) return true;
    return !isDevious(text) && this.#beginnings.some((beginning) => text.startsWith(beginning));
  }
}

/** `/health/../admin` begins with `/health`, and some server may take it for `/admin`. */
function isDevious(path: string): boolean {
  return path.includes('..') || path.includes('//') || path.includes('%') || path.includes('\\');
}
