import type { ServerResponse } from 'node:http';

type Look = 'headersSent' | 'writableEnded' | 'writableNeedDrain';

/** Lets a response look as if something were so, which it may be by itself, too. */
export function pretend(response: ServerResponse, look: Look, isSo: () => boolean): void {
  const before = Object.getOwnPropertyDescriptor(response, look)?.get;
  // Frameworks exchange the prototype on the way.
  const own = (): unknown => Reflect.get(Object.getPrototypeOf(response), look, response);
  Object.defineProperty(response, look, {
    configurable: true,
    enumerable: true,
    get: () => isSo() || (before === undefined ? own() : before.call(response)),
  });
}
