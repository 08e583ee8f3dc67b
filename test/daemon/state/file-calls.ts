import { readdirSync } from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import type { TestContext } from 'node:test';

type Call = (this: unknown, ...values: unknown[]) => Promise<unknown>;

/** File calls of this process between two moments, in their order; one that begins before another has ended says so. */
export class FileCalls {
  readonly #calls: string[] = [];
  readonly #places = new WeakMap<object, string>();
  #running = 0;

  private constructor() {}

  /** Records until the test ends. */
  static async record(t: TestContext): Promise<FileCalls> {
    const calls = new FileCalls();
    const handle = await promises.open('/dev/null');
    for (const name of ['writeFile', 'write', 'sync']) {
      around(t, Object.getPrototypeOf(handle) as object, name, (original) => calls.#recorded(name, original));
    }
    await handle.close();
    for (const name of ['open', 'mkdir', 'rename', 'link', 'unlink']) {
      around(t, promises, name, (original) => calls.#recorded(name, original));
    }
    return calls;
  }

  /** What was called since it was asked for last, with the file's name; leftovers by a name of chance are `passing`. */
  taken(): string[] {
    if (this.#running > 0) this.#calls.push(`${this.#running} have not ended`);
    return this.#calls.splice(0);
  }

  #recorded(name: string, original: Call): Call {
    const calls = this;
    return async function (this: unknown, ...values: unknown[]): Promise<unknown> {
      const place = typeof values[0] === 'string' ? values[0] : calls.#places.get(this as object);
      const early = calls.#running > 0 ? ' before the last one ended' : '';
      calls.#calls.push(`${name} ${shownName(place ?? '?')}${early}`);
      calls.#running++;
      try {
        const result = await original.apply(this, values);
        if (name === 'open') {
          const handle = result as FileHandle;
          calls.#places.set(handle, values[0] as string);
          // Unlike the others, a method of each handle.
          handle.close = calls.#recorded('close', handle.close as Call) as FileHandle['close'];
        }
        // So that whoever does not wait is overtaken.
        await new Promise(setImmediate);
        return result;
      } finally {
        calls.#running--;
      }
    };
  }
}

/** Puts something around a function of `node:fs/promises`, or of its file handles, until the test ends. */
export function around(t: TestContext, target: object, name: string, wrap: (original: Call) => Call): void {
  const methods = target as Record<string, Call>;
  const original = methods[name]!;
  methods[name] = wrap(original);
  syncBuiltinESMExports();
  t.after(() => {
    methods[name] = original;
    syncBuiltinESMExports();
  });
}

/** Descriptors that this process has open. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function shownName(place: string): string {
  const name = path.basename(place);
  return name.startsWith('.passing-') ? 'passing' : name;
}
