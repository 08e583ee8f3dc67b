import type { IncomingMessage } from 'node:http';
import { jsonOf } from './json-text.ts';
import { ObservedBody, shownType } from './observed-body.ts';

/** The body of a request, seen as the application reads it; nothing is read here. */
export class RequestBody {
  readonly #contentType: string | undefined;
  readonly #most: number;
  /** `null` when somebody had begun to read before it could be seen. */
  readonly #observed: ObservedBody | null;
  #isComplete = false;
  #parsed: string | null = null;

  constructor(request: IncomingMessage, most: number) {
    this.#contentType = request.headers['content-type'];
    this.#most = most;
    if (request.readableDidRead || request.readableLength > 0 || request.complete) {
      this.#observed = null;
      return;
    }
    const observed = new ObservedBody(
      { contentType: this.#contentType, contentEncoding: request.headers['content-encoding'] },
      most,
    );
    this.#observed = observed;
    // The way of each piece into the request's own buffer.
    const push = request.push;
    request.push = (piece: unknown, encoding?: BufferEncoding): boolean => {
      if (piece === null) this.#isComplete = true;
      else if (typeof piece === 'string') observed.add(Buffer.from(piece, encoding));
      else if (piece instanceof Uint8Array) observed.add(piece);
      return push.call(request, piece, encoding);
    };
  }

  /** Bytes that came; `undefined` when that is not known. */
  get bytes(): number | undefined {
    return this.#observed !== null && (this.#isComplete || this.#observed.bytes > 0)
      ? this.#observed.bytes
      : undefined;
  }

  /**
   * As JSON: its content, or its size and digest; `null` when there is none, or none has come yet. `parsed` is what the
   * framework made of it.
   */
  data(parsed: () => unknown): string | null {
    const observed = this.#observed;
    const content = this.#isComplete ? (observed?.content() ?? null) : null;
    if (content !== null) return content;
    const isTooLong = observed !== null && observed.bytes > this.#most;
    if (!isTooLong) {
      // Taken once: the application may change it.
      this.#parsed ??= this.#fromParsed(parsed);
      if (this.#parsed !== null) return this.#parsed;
    }
    return observed === null || observed.bytes === 0 ? null : observed.digest(this.#isComplete);
  }

  #fromParsed(parsed: () => unknown): string | null {
    if (this.#contentType === undefined || shownType(this.#contentType) === 'digest') return null;
    const text = jsonOf(parsed());
    if (text === null) return null;
    const bytes = Buffer.from(text);
    if (bytes.length <= this.#most) return text;
    const long = new ObservedBody({ contentType: this.#contentType, contentEncoding: undefined }, 0);
    long.add(bytes);
    return long.digest(true);
  }
}
