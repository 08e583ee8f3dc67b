import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';
import { koffiMissing } from '../support/koffi.ts';
import { RecordClient } from '../support/record-client.ts';
import { SilentClient } from '../support/silent-client.ts';
import { SilentPeer } from '../support/silent-peer.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const silent = { path: 'FOLDER/ingest.sock', replies: 'none' };
const answering = { path: 'FOLDER/answering.sock' };
const siem = {
  type: 'socket',
  options: { address: 'FOLDER/peer.sock', socket_type: 'unix', write_timeout: '10m' },
};

/** Connects as often as it is told, writes until the system takes no more, says how many bytes that were, and stays. */
const writer = `
const net = require('node:net'); const fs = require('node:fs');
const [place, name, connections] = process.argv.slice(1);
for (let each = 0; each < Number(connections); each++) {
  const socket = net.connect(place);
  socket.on('connect', () => {
    let text = '';
    for (let number = 0; text.length < 2_000_000; number++)
      text += '{"type":"request","request":{"id":"' + name + each + '-' + String(number).padStart(8, '0') + '"}}\\n';
    const bytes = Buffer.from(text);
    let sent = 0;
    try { for (;;) sent += fs.writeSync(socket._handle.fd, bytes, sent, 7_000); } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
    const whole = bytes.subarray(0, sent).toString().split('\\n').length - 1;
    console.log(name + each + ' ' + whole);
  });
}
setInterval(() => {}, 1_000_000);
`;

/** The ids of the records that a process could write to the daemon over so many connections, and was then killed. */
async function killedWriter(
  t: TestContext,
  daemon: DaemonProcess,
  name: string,
  connections: number,
): Promise<string[][]> {
  const child = spawn(process.execPath, ['-e', writer, daemon.socketPath, name, `${connections}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text;
  });
  await waitFor('all is written', () => said.split('\n').length === connections + 1);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  return said
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [writes, count] = line.split(' ');
      return Array.from({ length: Number(count) }, (_, at) => `${writes}-${`${at}`.padStart(8, '0')}`);
    });
}

/** The records of each client are in the log once, in the order in which they were written. */
function assertAllOnce(lines: readonly string[], clients: readonly (readonly string[])[]): void {
  const byClient = new Map<string, string[]>();
  for (const line of lines) {
    const id = (JSON.parse(line) as { request?: { id?: string } }).request?.id;
    if (id === undefined) continue;
    const name = id.slice(0, id.lastIndexOf('-'));
    byClient.set(name, [...(byClient.get(name) ?? []), id]);
  }
  for (const ids of clients) {
    const name = ids[0]!.slice(0, ids[0]!.lastIndexOf('-'));
    assert.deepEqual(byClient.get(name), ids, name);
  }
}

interface Scene {
  readonly daemon: DaemonProcess;
  readonly peer: SilentPeer;
  /** The ids that each client could write. */
  readonly written: readonly (readonly string[])[];
}

/** A daemon with six places, all of them taken by clients who wrote while no device could record, and are gone. */
async function fullOfGone(t: TestContext, limits: Readonly<Record<string, unknown>>): Promise<Scene> {
  const folder = temporaryDirectory(t);
  const peer = await SilentPeer.listen(t, path.join(folder, 'peer.sock'));
  const daemon = await DaemonProcess.start(t, folder, {
    listeners: [silent, answering],
    devices: { 'siem/': siem },
    limits: { connections: 6, ...limits },
  });
  const clients: SilentClient[] = [];
  for (const name of ['a', 'b']) clients.push(await SilentClient.connect(t, daemon.socketPath, name));
  // Nothing goes to the device before it leaves, so that nothing is sent again.
  daemon.signal('SIGSTOP');
  const killed = await killedWriter(t, daemon, 'k', 4);
  await peer.leave();
  for (const client of clients) client.write(100_000);
  clients[0]!.close();
  daemon.signal('SIGCONT');
  await waitFor('no device can record', () => daemon.log.includes('not listening'));
  clients[1]!.close();
  const written = [...killed, ...clients.map(({ ids }) => ids)];
  assert.ok(written.every((ids) => ids.length > 100));
  return { daemon, peer, written };
}

async function connections(daemon: DaemonProcess): Promise<number> {
  return (await daemon.metrics()).get('audit_sidecar_connections')!;
}

test('silent clients who are gone while no device can record take no place, and none of their records is lost', {
  skip: koffiMissing,
}, async (t) => {
  const { daemon, peer, written } = await fullOfGone(t, {});
  await waitFor('their places are free', async () => (await connections(daemon)) === 0);
  const newcomers: RecordClient[] = [];
  for (let each = 0; each < 6; each++) {
    const client = await RecordClient.connect(t, path.join(daemon.folder, 'answering.sock'));
    client.send('no record');
    newcomers.push(client);
  }
  for (const client of newcomers) {
    const [reply] = await client.replied(1);
    assert.equal(reply?.code, 'invalid_record', 'it has a place');
  }
  await peer.come();
  const total = written.flat().length;
  await waitFor('all arrive', () => peer.lines.length >= total);
  assertAllOnce(peer.lines, written);
  assert.equal(await daemon.stop(), 0);
  assertAllOnce(peer.lines, written);
});

test('what silent clients have left that memory has no room for waits in the system, and is written at a stop', {
  skip: koffiMissing,
}, async (t) => {
  const { daemon, peer, written } = await fullOfGone(t, {
    total_bytes: '512KiB',
    max_record_bytes: '64KiB',
    connection_bytes: '256KiB',
    stop_timeout: '10m',
  });
  await waitFor('some places are free', async () => (await connections(daemon)) < 6);
  daemon.signal('SIGTERM');
  await waitFor('it stops', () => daemon.log.includes('stopping'));
  await peer.come();
  assert.equal(await daemon.ended(), 0);
  const total = written.flat().length;
  await waitFor('all arrive', () => peer.lines.length >= total);
  assertAllOnce(peer.lines, written);
});
