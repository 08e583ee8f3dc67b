import type { ServerResponse } from 'node:http';

/** Calls by which a response leaves. */
export type Call = 'writeHead' | 'write' | 'end' | 'flushHeaders' | 'writeEarlyHints' | 'writeInformation';
export type Setter = 'setHeader' | 'setHeaders' | 'appendHeader' | 'removeHeader';
export type Method = (...args: unknown[]) => unknown;

/** Calls on a response that are done later, or never. */
export class TakenCalls {
  readonly #response: ServerResponse;
  /** What the response had before: Node's own, or another library's. */
  readonly #own = new Map<string, Method>();
  #taken: { call: Call; args: unknown[] }[] = [];
  #depth = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Puts another method in the place of the response's. */
  exchange(name: Call | Setter, replacement: Method): void {
    const response = this.#response as unknown as Record<string, Method | undefined>;
    const own = response[name]?.bind(response);
    // Older releases of Node do not have all of them.
    if (own === undefined) return;
    this.#own.set(name, own);
    // An `end` of Node's or another library's may call `writeHead` or `write`, by which nothing new is said.
    response[name] = (...args) => (this.#depth > 0 ? own(...args) : replacement(...args));
  }

  /** Does what the response had before. */
  own(name: Call | Setter, ...args: unknown[]): unknown {
    this.#depth++;
    try {
      return this.#own.get(name)!(...args);
    } finally {
      this.#depth--;
    }
  }

  take(call: Call, args: unknown[]): void {
    this.#taken.push({ call, args });
  }

  /** Does what was taken, in its order. Throws what Node throws. */
  replay(): void {
    const taken = this.#taken;
    this.#taken = [];
    for (const { call, args } of taken) this.own(call, ...args);
  }

  /** Does nothing of what was taken. */
  forget(): void {
    const taken = this.#taken;
    this.#taken = [];
    for (const { args } of taken) goneNowhere(args);
  }
}

/** Tells who waits for a call's end that it has come to nothing. */
export function goneNowhere(args: readonly unknown[]): void {
  const callback = args.findLast((each) => typeof each === 'function');
  if (callback === undefined) return;
  const error = Object.assign(new Error('The response was not recorded'), { code: 'ERR_NOT_RECORDED' });
  process.nextTick(callback as Method, error);
}
