import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, patientFileDevice } from '../support/daemon-process.ts';
import { koffiMissing } from '../support/koffi.ts';
import { SilentClient } from '../support/silent-client.ts';
import { SilentPeer } from '../support/silent-peer.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const silent = { path: 'FOLDER/ingest.sock', replies: 'none' };
const devices = { 'file/': patientFileDevice };

/** Records that a client could send whole, and that the log has not. */
function missing(daemon: DaemonProcess, clients: readonly SilentClient[]): string[] {
  const kept = new Set(
    daemon.lines('audit.log').map((line) => (JSON.parse(line) as { request?: { id: string } }).request?.id),
  );
  return clients.flatMap((client) => client.ids.filter((id) => !kept.has(id)));
}

/** They write as fast as they can until each is refused. */
async function writeToTheEnd(clients: readonly SilentClient[]): Promise<void> {
  await waitFor('every client is refused', () => {
    for (const client of clients) client.write(500);
    return clients.every(({ refused }) => refused !== null);
  });
}

test('at SIGTERM no record is lost that a client which reads no replies could send', {
  skip: koffiMissing,
}, async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { listeners: [silent], devices });
  const clients: SilentClient[] = [];
  for (let round = 0; round < 2; round++) {
    const own: SilentClient[] = [];
    for (const name of ['a', 'b']) {
      own.push(await SilentClient.connect(t, daemon.socketPath, `${round}${name}`));
    }
    await waitFor('some are written', () => {
      for (const client of own) client.write(200);
      return own.every(({ ids }) => ids.length >= 500);
    });
    daemon.signal('SIGTERM');
    await writeToTheEnd(own);
    assert.deepEqual(new Set(own.map(({ refused }) => refused)), new Set(['EPIPE']));
    assert.equal(await daemon.ended(), 0);
    clients.push(...own);
    if (round < 1) await daemon.run();
  }
  assert.deepEqual(missing(daemon, clients), []);
});

test('clients that wait to be accepted at SIGTERM are heard, those too that have gone', async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { listeners: [silent], devices });
  daemon.signal('SIGSTOP');
  const clients: SilentClient[] = [];
  for (let each = 0; each < 20; each++) {
    const client = await SilentClient.connect(t, daemon.socketPath, `w${each}`);
    client.write(300);
    clients.push(client);
  }
  for (const client of clients.slice(10)) client.close();
  daemon.signal('SIGTERM');
  daemon.signal('SIGCONT');
  assert.equal(await daemon.ended(), 0);
  assert.ok(clients.every(({ ids }) => ids.length > 100));
  assert.deepEqual(missing(daemon, clients), []);
});

test('a silent listener that a reload removes loses nothing that its clients could send', {
  skip: koffiMissing,
}, async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { listeners: [silent], devices });
  const clients = [
    await SilentClient.connect(t, daemon.socketPath, 'a'),
    await SilentClient.connect(t, daemon.socketPath, 'b'),
  ];
  daemon.configure({ listeners: [{ path: 'FOLDER/other.sock' }], devices });
  for (const client of clients) client.write(2_000);
  daemon.signal('SIGHUP');
  await writeToTheEnd(clients);
  await waitFor('it is closed', () => daemon.log.includes('listener closed'));
  await waitFor('all is recorded', () => missing(daemon, clients).length === 0);
  assert.equal(await daemon.stop(), 0);
});

test('what a silent client has sent while no device can record is told to be dropped, and not forgotten', async (t) => {
  const folder = temporaryDirectory(t);
  const peer = await SilentPeer.listen(t, path.join(folder, 'peer.sock'));
  const siem = { type: 'socket', options: { address: 'FOLDER/peer.sock', socket_type: 'unix' } };
  const daemon = await DaemonProcess.start(t, folder, {
    listeners: [silent],
    devices: { 'siem/': siem },
    limits: { stop_timeout: '300ms' },
  });
  const client = await SilentClient.connect(t, daemon.socketPath, 'a');
  await peer.leave();
  await waitFor('the door is shut', () => daemon.log.includes('not listening'));
  client.write(50);
  assert.equal(client.ids.length, 50);
  assert.equal(await daemon.stop(), 1);
  assert.match(daemon.log, /records dropped at stop device=siem\/ type=socket dropped_records=50\n/);
});
