import { once } from 'node:events';
import { writeSync } from 'node:fs';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { systemErrorCode } from '../../daemon/system-error.ts';

/** A client that never reads, and knows how much of what it wrote the operating system has taken. */
export class SilentClient {
  readonly #name: string;
  readonly #socket: net.Socket;
  readonly #descriptor: number;
  readonly #recordBytes: number;
  #written = 0;
  #refused: string | null = null;

  private constructor(name: string, socket: net.Socket) {
    this.#name = name;
    this.#socket = socket;
    this.#descriptor = (socket as unknown as { _handle: { fd: number } })._handle.fd;
    this.#recordBytes = this.#record(0).length;
  }

  static async connect(test: TestContext, path: string, name: string): Promise<SilentClient> {
    const socket = net.connect({ path, allowHalfOpen: true });
    socket.on('error', () => {});
    await once(socket, 'connect');
    test.after(() => socket.destroy());
    return new SilentClient(name, socket);
  }

  /** All have the same length, so that a number of bytes is a number of records. */
  #record(number: number): Buffer {
    const id = `${this.#name}-${`${number}`.padStart(8, '0')}`;
    return Buffer.from(`{"type":"request","request":{"id":"${id}","data":{"v":"${'x'.repeat(200)}"}}}\n`);
  }

  /** Writes until the operating system has no room, or refuses. */
  write(mostRecords: number): void {
    const end = this.#written + mostRecords * this.#recordBytes;
    while (this.#refused === null && this.#written < end) {
      const begun = this.#written % this.#recordBytes;
      const record = this.#record(Math.floor(this.#written / this.#recordBytes));
      try {
        this.#written += writeSync(this.#descriptor, record, begun);
      } catch (error) {
        if (systemErrorCode(error) === 'EAGAIN') return;
        this.#refused = systemErrorCode(error) ?? `${error}`;
      }
    }
  }

  /** The beginning of the next record, which keeps the connection from being idle. */
  writeHalf(): void {
    const record = this.#record(Math.floor(this.#written / this.#recordBytes));
    this.#written += writeSync(this.#descriptor, record, this.#written % this.#recordBytes, 20);
  }

  /** Why a write failed, for good; `null` while none has. */
  get refused(): string | null {
    return this.#refused;
  }

  /** The records of which every byte was taken. */
  get ids(): string[] {
    const count = Math.floor(this.#written / this.#recordBytes);
    return Array.from({ length: count }, (_, number) => `${this.#name}-${`${number}`.padStart(8, '0')}`);
  }

  close(): void {
    this.#socket.destroy();
  }
}
