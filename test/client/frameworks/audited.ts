import type { Server } from 'node:http';
import { type AddressInfo, connect as connectTo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type Client, type ClientOptions, connect } from 'audit-sidecar/client';
import { DaemonProcess } from '../../support/daemon-process.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

/** A record as it stands in a log, as far as these tests look. */
export interface Logged {
  readonly type: string;
  readonly auth?: Record<string, unknown>;
  readonly request: Record<string, unknown> & { readonly id: string };
  readonly service?: Record<string, unknown>;
  readonly resource?: Record<string, unknown>;
  readonly response?: Record<string, unknown>;
  readonly outcome?: string;
  readonly reason?: string;
  readonly error?: string;
}

/** A device that shows what was sent to the sidecar, and waits as long as the machine needs. */
export const rawDevice = {
  type: 'file',
  options: { file_path: 'FOLDER/audit.log', write_timeout: '10m', log_raw: 'true' },
} as const;

/** A daemon, and a client of it. */
export class Sidecar {
  readonly daemon: DaemonProcess;
  readonly client: Client;

  /** Records that belong to others. */
  readonly #before: number;

  private constructor(daemon: DaemonProcess, client: Client, before: number) {
    this.daemon = daemon;
    this.client = client;
    this.#before = before;
  }

  static async start(t: TestContext, options: ClientOptions = { deadlineMs: 60_000 }): Promise<Sidecar> {
    const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
      listeners: [{ path: 'FOLDER/ingest.sock', headers: 'as_is' }],
      devices: { 'file/': rawDevice },
    });
    return new Sidecar(daemon, clientOf(t, daemon.socketPath, options), 0);
  }

  /** The same one, whose records begin here. */
  fromHere(): Sidecar {
    return new Sidecar(this.daemon, this.client, this.daemon.lines('audit.log').length);
  }

  records(): Logged[] {
    return this.daemon
      .lines('audit.log')
      .slice(this.#before)
      .map((line) => JSON.parse(line) as Logged);
  }

  /** Those of a path, in their order. */
  of(path: string): Logged[] {
    return this.records().filter(({ request }) => request['path'] === path);
  }

  /** The same, once there are so many. */
  async awaited(path: string, count: number): Promise<Logged[]> {
    await waitFor(`${path} has ${count} records`, () => this.of(path).length >= count);
    return this.of(path);
  }
}

export function clientOf(t: TestContext, socketPath: string, options: ClientOptions): Client {
  const client = connect(socketPath, options);
  t.after(() => client.destroy());
  return client;
}

/** Starts a server on a free port of loopback; ended with the test. */
export async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A connection that writes text and keeps what comes. */
export class RawCaller {
  readonly socket: Socket;
  #text = '';
  #isOver = false;

  constructor(t: TestContext, port: number) {
    this.socket = connectTo(port, '127.0.0.1');
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => {
      this.#text += text;
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.#isOver = true;
    });
    t.after(() => this.socket.destroy());
  }

  get text(): string {
    return this.#text;
  }

  /** Sends a request; lines end as HTTP wants. */
  send(text: string): void {
    this.socket.write(text.replaceAll('\n', '\r\n'));
  }

  async until(pattern: RegExp): Promise<string> {
    await waitFor(`${pattern} comes, not ${this.#text}`, () => pattern.test(this.#text));
    return this.#text;
  }

  async ended(): Promise<string> {
    await waitFor('the connection ends', () => this.#isOver);
    return this.#text;
  }
}
