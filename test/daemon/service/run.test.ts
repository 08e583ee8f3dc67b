import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonProcess, fileDevice } from '../../support/daemon-process.ts';
import { koffiMissing } from '../../support/koffi.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { needsPython, receiver } from './notify-receiver.ts';

/** A peer that accepts and never answers a TLS handshake: a device that connects to it is long in opening. */
async function silentPeer(
  t: TestContext,
): Promise<{ readonly device: object; readonly asked: Promise<unknown> }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  const options = { address: `127.0.0.1:${port}`, tls: true };
  return { device: { type: 'socket', options }, asked: once(server, 'connection') };
}

test('the service manager hears of the start, of life, of each reload and of the stop, in order', {
  skip: koffiMissing || needsPython,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const address = path.join(folder, 'notify');
  const { received } = await receiver(t, address);
  const silent = await silentPeer(t);
  const devices = { 'file/': fileDevice };
  const daemon = DaemonProcess.begin(
    t,
    folder,
    { devices },
    { NOTIFY_SOCKET: address, WATCHDOG_USEC: '200000' },
  );
  const status = 'STATUS=1 of 1 devices take records, 0 records recorded';
  await waitFor('it is alive for a while', () => received.filter((text) => text === 'WATCHDOG=1').length > 3);
  assert.equal(received[0], `READY=1|${status}`);
  assert.ok(received.includes(status));

  const from = received.length;
  daemon.signal('SIGHUP');
  const since = (): string[] => received.slice(from).filter((text) => !/^(WATCHDOG|STATUS)=/.test(text));
  await waitFor('it has reloaded', () => since().length === 2);
  assert.match(since()[0]!, /^RELOADING=1\|MONOTONIC_USEC=\d+$/);
  assert.equal(since()[1], `READY=1|${status}`);

  // A reload that is under way when the stop comes says no READY behind STOPPING.
  daemon.configure({ devices: { ...devices, 'siem/': silent.device } });
  daemon.signal('SIGHUP');
  await silent.asked;
  assert.equal(await daemon.stop(), 0);
  await waitFor('it has stopped', () => received.includes('STOPPING=1'));
  assert.match(since()[2]!, /^RELOADING=1/);
  assert.deepEqual(since().slice(3), ['STOPPING=1']);
  assert.equal(received.at(-1), 'STOPPING=1');
});

test('SIGTERM during the start ends it there, and leaves no socket', async (t) => {
  const folder = temporaryDirectory(t);
  const { device, asked } = await silentPeer(t);
  const daemon = DaemonProcess.begin(t, folder, { devices: { 'file/': fileDevice, 'siem/': device } }, {});
  await asked;
  daemon.signal('SIGTERM');
  assert.equal(await daemon.ended(), 0);
  assert.doesNotMatch(daemon.log, / started | listening |error/);
  assert.match(daemon.log, / stopping\n.* stopped\n$/s);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.sock')),
    [],
  );
});

test('SIGTERM during a reload does not wait for it, and nothing of it is kept', async (t) => {
  const folder = temporaryDirectory(t);
  const { device, asked } = await silentPeer(t);
  const devices = { 'file/': fileDevice };
  const daemon = await DaemonProcess.start(t, folder, { devices });
  daemon.configure({ devices: { ...devices, 'siem/': device }, listeners: [{ path: 'FOLDER/other.sock' }] });
  daemon.signal('SIGHUP');
  await asked;
  assert.equal(await daemon.stop(), 0);
  assert.match(
    daemon.log,
    / stopping\n.* not reloaded error="Cannot reload: the daemon is stopping"\n.* stopped\n$/s,
  );
  assert.deepEqual(readdirSync(path.join(folder, 'state/salts')), ['file%2f']);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.sock')),
    [],
  );
});
