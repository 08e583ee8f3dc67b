import { once } from 'node:events';
import { existsSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { wholeLines } from './whole-lines.ts';

/** The peer of a socket device, which comes and goes. It reads, and says nothing. */
export class SilentPeer {
  readonly #path: string;
  readonly #connections = new Set<net.Socket>();
  #server: net.Server | null = null;
  #text = '';

  private constructor(path: string) {
    this.#path = path;
  }

  static async listen(test: TestContext, path: string): Promise<SilentPeer> {
    const peer = new SilentPeer(path);
    await peer.come();
    test.after(() => peer.leave());
    return peer;
  }

  async come(): Promise<void> {
    const server = net.createServer((socket) => {
      this.#connections.add(socket);
      socket.on('error', () => {});
      socket.setEncoding('utf8').on('data', (text: string) => {
        this.#text += text;
      });
    });
    server.listen(this.#path);
    await once(server, 'listening');
    this.#server = server;
  }

  async leave(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    for (const socket of this.#connections) socket.destroy();
    this.#connections.clear();
    server.close();
    await once(server, 'close');
    if (existsSync(this.#path)) unlinkSync(this.#path);
  }

  /** Whole lines that it has read. */
  get lines(): string[] {
    return wholeLines(this.#text);
  }
}
