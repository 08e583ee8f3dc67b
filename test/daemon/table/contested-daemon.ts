import { existsSync, readdirSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { DaemonProcess } from '../../support/daemon-process.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type AdminReply, callAdmin } from '../admin/admin-client.ts';

/** Takes records over HTTP and answers each when it is told to. */
export class HeldPeer {
  readonly #server: http.Server;
  readonly #waiting: http.ServerResponse[] = [];

  private constructor(t: TestContext) {
    this.#server = http.createServer((request, response) => {
      request.resume().on('end', () => this.#waiting.push(response));
    });
    t.after(() => {
      this.#server.closeAllConnections();
      this.#server.close();
    });
  }

  static async start(t: TestContext): Promise<HeldPeer> {
    const peer = new HeldPeer(t);
    await new Promise<void>((resolve) => peer.#server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  /** A device that posts here. */
  get device(): { type: string; options: Record<string, string> } {
    const uri = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
    return { type: 'http', options: { uri, write_timeout: '1h' } };
  }

  get asked(): boolean {
    return this.#waiting.length > 0;
  }

  answer(status: 200 | 413): void {
    for (const response of this.#waiting.splice(0)) response.writeHead(status).end();
  }
}

export interface Running {
  readonly daemon: DaemonProcess;
  readonly folder: string;
  call(method: string, target: string, body?: unknown): Promise<AdminReply>;
  enable(name: string, file: string): Promise<AdminReply>;
  /** Reloads with these devices; resolves with what was logged of it. */
  reload(devices: Record<string, unknown>): Promise<string>;
  /** What the device makes of one text: it tells its salt. */
  hash(name: string): Promise<string>;
}

export async function startWithAdmin(
  t: TestContext,
  devices: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Promise<Running> {
  const folder = temporaryDirectory(t);
  const admin = { path: path.join(folder, 'admin.sock'), file_roots: [folder] };
  const daemon = await DaemonProcess.start(t, folder, { admin, devices, ...more });
  const call = (method: string, target: string, body?: unknown): Promise<AdminReply> =>
    callAdmin({ socketPath: admin.path }, method, `/v1/sys/${target}`, body);
  return {
    daemon,
    folder,
    call,
    enable: (name, file) => {
      const options = { file_path: path.join(folder, file) };
      return call('PUT', `audit/${name}`, { type: 'file', options });
    },
    async reload(now) {
      daemon.configure({ admin, devices: now, ...more });
      const before = daemon.log.length;
      daemon.signal('SIGHUP');
      await waitFor('the reload is over', () => / (re|not re)loaded/.test(daemon.log.slice(before)));
      return daemon.log.slice(before);
    },
    hash: async (name) => (await call('POST', `audit-hash/${name}`, { input: 'x' })).body.hash,
  };
}

/** Files of the stored salts. */
export function saltFiles(folder: string): string[] {
  const salts = path.join(folder, 'state/salts');
  return existsSync(salts) ? readdirSync(salts).sort() : [];
}
