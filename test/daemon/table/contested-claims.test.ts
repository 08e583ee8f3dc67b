import assert from 'node:assert/strict';
import { linkSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonProcess, fileDevice } from '../../support/daemon-process.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type AdminReply, callAdmin } from '../admin/admin-client.ts';

/** Takes records over HTTP and answers each when it is told to. */
class HeldPeer {
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
  get device(): object {
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

interface Running {
  readonly daemon: DaemonProcess;
  readonly folder: string;
  call(method: string, target: string, body?: unknown): Promise<AdminReply>;
  enable(name: string, file: string): Promise<AdminReply>;
  /** Reloads with these devices; resolves with what was logged of it. */
  reload(devices: Record<string, unknown>): Promise<string>;
  /** What the device makes of one text: it tells its salt. */
  hash(name: string): Promise<string>;
}

async function start(
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

const salts = (folder: string): string[] => readdirSync(path.join(folder, 'state/salts')).sort();

test('a reload that declares what the API is enabling is refused, whether the path or the file, and says what to do', async (t) => {
  const peer = await HeldPeer.start(t);
  const { daemon, folder, call, reload, hash } = await start(t, { 'file/': fileDevice });
  const enabling = call('PUT', 'audit/x', peer.device);
  await waitFor('the device is being tried', () => peer.asked);
  const declared = { 'file/': fileDevice, 'x/': { type: 'file', options: { file_path: 'FOLDER/x.log' } } };
  const refused = await reload(declared);
  assert.match(refused, /not reloaded.*device \\?"x\/\\?".*being enabled through the API.*reload again/);
  peer.answer(200);
  assert.equal((await enabling).status, 204);
  assert.match(await reload(declared), /not reloaded.*disable that one first/);
  assert.equal(await daemon.stop(), 0);
  daemon.configure({ admin: { path: path.join(folder, 'admin.sock') }, devices: { 'file/': fileDevice } });
  await daemon.run();
  assert.match(await hash('x'), /^hmac/);
});

test('an enable that fails leaves the salt of a device alone that the configuration declares at its path later', async (t) => {
  const peer = await HeldPeer.start(t);
  const { daemon, folder, call, reload, hash } = await start(t, {});
  const enabling = call('PUT', 'audit/x', peer.device);
  await waitFor('the device is being tried', () => peer.asked);
  const declared = { 'x/': { type: 'file', options: { file_path: 'FOLDER/x.log' } } };
  const early = await reload(declared);
  peer.answer(413);
  assert.equal((await enabling).status, 400);
  if (early.includes('not reloaded')) assert.match(await reload(declared), / reloaded /);
  assert.deepEqual(salts(folder), ['x%2f']);
  const before = await hash('x');
  await daemon.kill();
  await daemon.run();
  assert.equal(await hash('x'), before, 'the salt outlived the start');
});

test('a reload that wants the file of a device that is being enabled is refused', async (t) => {
  const { folder, enable, reload, call } = await start(t, {});
  const peer = await HeldPeer.start(t);
  // Of the two, one is tried for as long as the peer likes.
  const slow = call('PUT', 'audit/slow', peer.device);
  await waitFor('the device is being tried', () => peer.asked);
  assert.equal((await enable('a', 'a.log')).status, 204);
  const other = { type: 'file', options: { file_path: 'FOLDER/a.log' } };
  assert.match(
    await reload({ 'b/': other }),
    /not reloaded.*"b\/.*file .*a\.log.* of device \\?"a\/.*enabled through the API; disable that one first/,
  );
  peer.answer(413);
  assert.equal((await slow).status, 400);
  assert.deepEqual(salts(folder), ['a%2f']);
});

test('of several enables at once that want one file, by whatever name, one gets it', async (t) => {
  const { daemon, folder, enable, call } = await start(t, {});
  writeFileSync(path.join(folder, 'one.log'), '');
  symlinkSync('one.log', path.join(folder, 'link.log'));
  linkSync(path.join(folder, 'one.log'), path.join(folder, 'hard.log'));
  symlinkSync(folder, path.join(folder, 'here'));
  const files = ['one.log', 'link.log', 'hard.log', 'here/one.log', 'one.log.1', 'one.log-20261127.gz'];
  for (let round = 0; round < 3; round++) {
    const replies = await Promise.all(files.map((file, index) => enable(`d${index}`, file)));
    const kept = replies.filter(({ status }) => status === 204);
    assert.equal(kept.length, 1, replies.map(({ text }) => text).join('\n'));
    for (const reply of replies) {
      if (reply.status === 204) continue;
      assert.equal(reply.status, 400, reply.text);
      assert.match(reply.body.errors[0], /^Cannot enable device "d\d\/": .*of device "d\d\/"/);
    }
    const [path = ''] = Object.keys((await call('GET', 'audit')).body.data);
    assert.deepEqual(salts(folder), [path.replace('/', '%2f')]);
    assert.equal((await call('DELETE', `audit/${path.slice(0, -1)}`)).status, 204);
  }
  assert.equal(await daemon.stop(), 0);
});

test('a path that leads elsewhere when the device is to be enabled is looked at again', async (t) => {
  const peer = await HeldPeer.start(t);
  const { daemon, folder, enable, call } = await start(t, { 'file/': fileDevice });
  // A device that is tried for long and writes to a file cannot be had: the name changes between two enables.
  const enabling = call('PUT', 'audit/x', peer.device);
  await waitFor('the device is being tried', () => peer.asked);
  assert.equal((await enable('a', 'a.log')).status, 204);
  renameSync(path.join(folder, 'a.log'), path.join(folder, 'moved.log'));
  symlinkSync('audit.log', path.join(folder, 'other.log'));
  const reply = await enable('b', 'other.log');
  assert.match(reply.body.errors[0], /^Cannot enable device "b\/": file .*other\.log.* of device "file\/"$/);
  peer.answer(200);
  assert.equal((await enabling).status, 204);
  assert.equal(await daemon.stop(), 0);
});

test('a path that is disabled and enabled at once has the salt it was enabled with', async (t) => {
  const { daemon, folder, enable, call, hash } = await start(t, {});
  for (let round = 0; round < 20; round++) {
    const again = [
      enable('x', 'x.log'),
      call('DELETE', 'audit/x'),
      enable('x', 'x.log'),
      enable('x', 'x.log'),
    ];
    await Promise.all(again);
    if ((await enable('x', 'x.log')).status === 204) assert.ok(true);
    assert.deepEqual(salts(folder), ['x%2f'], 'the salt is there');
  }
  const before = await hash('x');
  await daemon.kill();
  await daemon.run();
  assert.equal(await hash('x'), before);
});
