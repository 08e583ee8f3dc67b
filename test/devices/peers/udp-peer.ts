import { createSocket, type Socket } from 'node:dgram';
import type { TestContext } from 'node:test';
import { ownLoopback } from '../../support/loopback.ts';

/** A receiver of UDP datagrams that can go away and come back at the same port. */
export class UdpPeer {
  readonly messages: string[] = [];
  readonly #host: string;
  #socket: Socket | null = null;
  #port = 0;

  constructor(test: TestContext, host: string = ownLoopback) {
    this.#host = host;
    test.after(() => this.stop());
  }

  get address(): string {
    return `${this.#host}:${this.#port}`;
  }

  async start(): Promise<void> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 8 * 1024 * 1024 });
    socket.on('message', (message) => this.messages.push(message.toString()));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(this.#port, this.#host, resolve);
    });
    this.#port = socket.address().port;
    this.#socket = socket;
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  /** There is no such thing: what a receiver does not read is lost, and its sender never waits. */
  pause(): void {
    throw new Error('A UDP sender is never held back');
  }

  resume(): void {}

  received(): string[] {
    return this.messages;
  }
}
