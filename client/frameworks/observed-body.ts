import { createHash, type Hash } from 'node:crypto';
import { fieldsAsJson } from './fields.ts';
import { jsonFromOutside } from './json-text.ts';

/** What a body says it is. */
export interface BodyKind {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/** `digest`: not at all, but for that. */
export type Shown = 'json' | 'form' | 'digest';

/** A body as it goes by: its size, and its content where that can be read and is not long, else its digest. */
export class ObservedBody {
  readonly #kind: BodyKind;
  readonly #most: number;
  readonly #shown: Shown;
  #bytes = 0;
  /** What came so far, as long as it may be shown. */
  #pieces: Buffer[] | null = [];
  #hash: Hash | null = null;

  constructor(kind: BodyKind, most: number) {
    this.#kind = kind;
    this.#most = most;
    this.#shown = shownAs(kind);
    if (this.#shown === 'digest') this.#startHash();
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (this.#hash !== null) this.#hash.update(piece);
    // Copied: the application may change what it was given.
    else this.#pieces!.push(Buffer.from(piece));
    if (this.#pieces !== null && this.#bytes > this.#most) this.#startHash();
  }

  /** As JSON; `null` when it is empty. */
  data(): string | null {
    if (this.#bytes === 0) return null;
    return this.content() ?? this.digest(true);
  }

  /** Its content as JSON; `null` when that cannot be shown, or there is none. */
  content(): string | null {
    if (this.#pieces === null || this.#bytes === 0) return null;
    const text = decoded(Buffer.concat(this.#pieces));
    if (text === null) return null;
    return this.#shown === 'json' ? jsonFromOutside(text) : fieldsAsJson(text);
  }

  /** Its size and SHA-256 as JSON, said to be those of its beginning unless it is complete. */
  digest(isComplete: boolean): string {
    this.#startHash();
    const sha256 = this.#hash!.copy().digest('hex');
    const incomplete = isComplete ? undefined : true;
    return JSON.stringify({ content_type: this.#kind.contentType, bytes: this.#bytes, sha256, incomplete });
  }

  #startHash(): void {
    if (this.#hash !== null) return;
    this.#hash = createHash('sha256');
    for (const piece of this.#pieces!) this.#hash.update(piece);
    this.#pieces = null;
  }
}

function shownAs({ contentType, contentEncoding }: BodyKind): Shown {
  if (contentType === undefined) return 'digest';
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') return 'digest';
  return shownType(contentType);
}

/** How a body of that type is shown, once it is not compressed. */
export function shownType(contentType: string): Shown {
  const end = contentType.indexOf(';');
  const type = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  if (type === 'application/json' || type.endsWith('+json')) return 'json';
  return type === 'application/x-www-form-urlencoded' ? 'form' : 'digest';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decoded(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
