import { rmSync } from 'node:fs';
import type { TestContext } from 'node:test';

const koffi = await import('koffi').then(
  (module) => module.default,
  () => null,
);

function socketCalls() {
  const library = koffi!.load(null);
  return {
    socket: library.func('int socket(int domain, int type, int protocol)'),
    bind: library.func('int bind(int fd, const void *address, uint length)'),
    receive: library.func('intptr_t recv(int fd, _Out_ uint8_t *bytes, size_t length, int flags)'),
    close: library.func('int close(int fd)'),
  };
}

/** A receiver of UNIX datagrams, which Node has not: it looks for new ones every few milliseconds. */
export class UnixDatagramPeer {
  readonly address: string;
  readonly messages: string[] = [];
  readonly #calls: ReturnType<typeof socketCalls> = socketCalls();
  readonly #buffer = Buffer.alloc(256 * 1024);
  #fd = -1;
  #paused = false;
  #most = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(test: TestContext, path: string) {
    this.address = path;
    test.after(() => this.stop());
  }

  async start(): Promise<void> {
    rmSync(this.address, { force: true });
    this.#fd = this.#calls.socket(1, 2 | 0o4000, 0);
    const name = Buffer.concat([
      Buffer.from(new Uint16Array([1]).buffer),
      Buffer.from(this.address),
      Buffer.alloc(1),
    ]);
    if (this.#calls.bind(this.#fd, name, name.length) !== 0)
      throw new Error(`Cannot bind: errno ${koffi!.errno()}`);
    this.#timer = setInterval(() => this.#readAll(), 1);
  }

  async stop(): Promise<void> {
    if (this.#fd === -1) return;
    clearInterval(this.#timer!);
    this.#calls.close(this.#fd);
    this.#fd = -1;
  }

  pause(): void {
    this.#paused = true;
  }

  /** Stops reading for good when it has so many. */
  pauseAt(count: number): void {
    this.#most = count;
  }

  resume(): void {
    this.#paused = false;
  }

  received(): string[] {
    return this.messages;
  }

  #readAll(): void {
    while (!this.#paused && this.messages.length < this.#most) {
      const length: number = this.#calls.receive(this.#fd, this.#buffer, this.#buffer.length, 0x40);
      if (length < 0) return;
      this.messages.push(this.#buffer.toString('utf8', 0, length));
    }
  }
}
