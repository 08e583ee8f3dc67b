import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemErrorCode } from '../../daemon/system-error.ts';
import { DaemonProcess, patientFileDevice } from '../support/daemon-process.ts';
import { koffiMissing } from '../support/koffi.ts';
import { SilentClient } from '../support/silent-client.ts';
import { SilentPeer } from '../support/silent-peer.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const silent = { path: 'FOLDER/ingest.sock', replies: 'none', mode: '0600' };
const siem = { type: 'socket', options: { address: 'FOLDER/peer.sock', socket_type: 'unix' } };

/** What becomes of a client that connects now: `''` if it comes in. */
function connecting(t: TestContext, socketPath: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    t.after(() => socket.destroy());
    socket.once('connect', () => {
      socket.destroy();
      resolve('');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

async function untilConnecting(t: TestContext, socketPath: string, wanted: string): Promise<void> {
  await waitFor(`connecting gives "${wanted}"`, async () => (await connecting(t, socketPath)) === wanted);
}

function idsIn(lines: readonly string[]): Set<string | undefined> {
  return new Set(lines.map((line) => (JSON.parse(line) as { request?: { id: string } }).request?.id));
}

test('a silent listener refuses clients while no device can record, and is back when one can', {
  skip: koffiMissing,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const peer = await SilentPeer.listen(t, path.join(folder, 'peer.sock'));
  const daemon = await DaemonProcess.start(t, folder, {
    listeners: [silent, { path: 'FOLDER/answering.sock' }],
    devices: { 'siem/': siem },
  });
  const clients = [await SilentClient.connect(t, daemon.socketPath, 'before')];
  for (const round of [1, 2]) {
    await peer.leave();
    await untilConnecting(t, daemon.socketPath, 'ECONNREFUSED');
    await waitFor('the reason is in the log', () =>
      /not listening listener=\S+ reason="no device takes records: \\"siem\/\\" is failing/.test(daemon.log),
    );
    assert.equal(await connecting(t, path.join(folder, 'answering.sock')), '', 'others are told');
    for (const client of clients) client.write(50);
    await peer.come();
    await untilConnecting(t, daemon.socketPath, '');
    assert.equal(statSync(daemon.socketPath).mode & 0o777, 0o600);
    clients.push(await SilentClient.connect(t, daemon.socketPath, `after${round}`));
    for (const client of clients) client.write(50);
    const ids = clients.flatMap((client) => client.ids);
    await waitFor('all arrive', () => {
      const arrived = idsIn(peer.lines);
      return ids.every((id) => arrived.has(id));
    });
  }
  await waitFor('it is said each time', () => daemon.log.match(/listening again/g)?.length === 2);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('.new-')),
    [],
  );
  for (const client of clients) client.close();
  assert.equal(await daemon.stop(), 0);
  assert.equal(existsSync(daemon.socketPath), false);
});

test('a silent listener refuses clients at the connection limit, and none that came before is dropped', {
  skip: koffiMissing,
}, async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    listeners: [silent],
    devices: { 'file/': patientFileDevice },
    limits: { connections: 3 },
  });
  daemon.signal('SIGSTOP');
  const clients: SilentClient[] = [];
  for (let each = 0; each < 12; each++)
    clients.push(await SilentClient.connect(t, daemon.socketPath, `c${each}`));
  for (const client of clients) {
    client.write(100);
    // Who is idle gives way.
    client.writeHalf();
  }
  daemon.signal('SIGCONT');
  await waitFor('a client is refused', async () => {
    try {
      const client = await SilentClient.connect(t, daemon.socketPath, `c${clients.length}`);
      clients.push(client);
      client.write(1);
      client.writeHalf();
      return false;
    } catch (error) {
      assert.equal(systemErrorCode(error), 'ECONNREFUSED');
      return true;
    }
  });
  await waitFor('the reason is in the log', () =>
    /not listening listener=\S+ reason="too many connections"/.test(daemon.log),
  );
  const ids = clients.flatMap((client) => client.ids);
  assert.ok(ids.length >= 12 * 100);
  await waitFor('all are recorded', () => {
    const kept = idsIn(daemon.lines('audit.log'));
    return ids.every((id) => kept.has(id));
  });
  for (const client of clients) client.close();
  await untilConnecting(t, daemon.socketPath, '');
});

test('a listener that is to answer from now on listens, whatever the devices do; and the other way round', {
  skip: koffiMissing,
}, async (t) => {
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    listeners: [silent],
    devices: { 'siem/': siem },
  });
  await untilConnecting(t, daemon.socketPath, 'ECONNREFUSED');
  daemon.configure({ listeners: [{ ...silent, replies: 'status' }], devices: { 'siem/': siem } });
  daemon.signal('SIGHUP');
  await untilConnecting(t, daemon.socketPath, '');
  daemon.configure({ listeners: [silent], devices: { 'siem/': siem } });
  daemon.signal('SIGHUP');
  await untilConnecting(t, daemon.socketPath, 'ECONNREFUSED');
  await daemon.stop();
  assert.equal(existsSync(daemon.socketPath), false);
});

test('the path of a silent listener that is shut is had again only if nobody else listens there', {
  skip: koffiMissing,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, { listeners: [silent], devices: { 'siem/': siem } });
  await untilConnecting(t, daemon.socketPath, 'ECONNREFUSED');
  unlinkSync(daemon.socketPath);
  const thief = await SilentPeer.listen(t, daemon.socketPath);
  const peer = await SilentPeer.listen(t, path.join(folder, 'peer.sock'));
  await waitFor('it is said', () =>
    /error cannot listen again .*a running process listens there/.test(daemon.log),
  );
  assert.equal(await connecting(t, daemon.socketPath), '', 'it is the other one');
  await thief.leave();
  await waitFor('it is had again', () => daemon.log.includes('listening again'));
  const client = await SilentClient.connect(t, daemon.socketPath, 'a');
  client.write(1);
  await waitFor('it arrives', () => idsIn(peer.lines).has(client.ids[0]));
});
