import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AccessRefused, readAccessFile } from './access-file.ts';

/** Characters: 16 of them, when they are random, cannot be guessed over a network. */
const shortestToken = 16;

/** The tokens that callers over TCP may show. Their plain text is not kept. */
export class AdminTokens {
  /** Digests under a key of this process say nothing about a token to who reads the memory. */
  readonly #key = randomBytes(32);
  readonly #digests: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#digests = tokens.map((token) => this.#digest(token));
  }

  /**
   * Reads a file with a token a line; empty lines and those that start with `#` do not count. Several tokens are
   * for rotation: the old one stays until every caller has the new one. Rejects with `AccessRefused`.
   */
  static async read(file: string): Promise<AdminTokens> {
    const text = await readAccessFile('token file', file, true);
    const tokens: string[] = [];
    for (const [index, line] of text.split('\n').entries()) {
      const token = line.trim();
      if (token === '' || token.startsWith('#')) continue;
      if (!/^[\x21-\x7e]+$/.test(token)) {
        throw refused(file, `line ${index + 1} has other characters than visible ASCII`);
      }
      if (token.length < shortestToken) {
        throw refused(file, `the token on line ${index + 1} has fewer than ${shortestToken} characters`);
      }
      tokens.push(token);
    }
    if (tokens.length === 0) throw refused(file, 'it has no token');
    return new AdminTokens(tokens);
  }

  /** Whether the caller shows one of the tokens, in the time that it takes to look at all of them. */
  allow(headers: IncomingHttpHeaders): boolean {
    const shown = shownToken(headers);
    if (shown === null) return false;
    const digest = this.#digest(shown);
    let allowed = false;
    for (const known of this.#digests) allowed = timingSafeEqual(known, digest) || allowed;
    return allowed;
  }

  #digest(token: string): Buffer {
    return createHmac('sha256', this.#key).update(token).digest();
  }
}

/** `X-Vault-Token` as the CLI sends it, or else `Authorization: Bearer`. */
export function shownToken(headers: IncomingHttpHeaders): string | null {
  const own = headers['x-vault-token'];
  if (typeof own === 'string') return own;
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}

function refused(file: string, detail: string): AccessRefused {
  return new AccessRefused(`Cannot use token file "${file}": ${detail}`);
}
