import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { Random } from '../../simulation/random.ts';
import { DaemonProcess, fileDevice } from '../../support/daemon-process.ts';
import { RecordClient } from '../../support/record-client.ts';
import { numberedRecord } from '../../support/records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { callAdmin } from './admin-client.ts';
import { writeTokenFile } from './in-process.ts';
import { oddRequest, plantedSecret } from './odd-request.ts';

/** Sends bytes, ends the sending side, and collects what comes back. */
function answerTo(socketPath: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ path: socketPath, allowHalfOpen: true });
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });
    // The daemon may hang up before it has all.
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    socket.once('close', () => resolve(text));
    socket.end(bytes);
  });
}

test('1,000 odd requests change no device, end nothing and get nothing out', async (t) => {
  const folder = temporaryDirectory(t);
  const socketPath = path.join(folder, 'admin.sock');
  const daemon = await DaemonProcess.start(t, folder, {
    admin: { path: socketPath, file_roots: [folder] },
    devices: { 'config/': fileDevice },
  });
  const api = { type: 'file', options: { file_path: path.join(folder, 'api.log') } };
  assert.equal((await callAdmin({ socketPath }, 'PUT', '/v1/sys/audit/api', api)).status, 204);
  const table = async (): Promise<unknown> =>
    (await callAdmin({ socketPath }, 'GET', '/v1/sys/audit')).body.data;
  const before = await table();
  const started = (await daemon.metrics()).get('process_start_time_seconds');
  const client = await RecordClient.connect(t, daemon.socketPath);
  // One connection for all of them: it lives on only if no odd request ends more than its own.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const connections = new Set<net.Socket>();
  const goodCall = async (): Promise<number> => {
    const request = http.get({ socketPath, path: '/v1/sys/leader', agent });
    request.once('socket', (socket) => connections.add(socket));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    await once(response.resume(), 'end');
    return response.statusCode!;
  };

  const random = new Random(20_261_122);
  let sent = 0;
  const statuses = new Map<string, number>();
  const sender = async (): Promise<void> => {
    while (sent < 1000) {
      const seed = ++sent;
      const request = oddRequest(random.fork(), folder);
      const answer = await answerTo(socketPath, request);
      const shown = `request ${seed}: ${JSON.stringify(request.toString('latin1').slice(0, 300))}`;
      assert.doesNotMatch(answer, new RegExp(plantedSecret), shown);
      const status = answer === '' ? 'none' : (/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 'not HTTP');
      assert.ok(status !== 'not HTTP' && !status.startsWith('5'), `${shown} got ${answer}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      assert.equal(await goodCall(), 200, `after ${shown}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, sender));

  // The requests reached every part: answers of many kinds, and not one kind for all.
  for (const status of ['200', '204', '400', '404', '405', '431']) {
    assert.ok(statuses.has(status), `${status} of ${JSON.stringify([...statuses])}`);
  }
  assert.deepEqual(await table(), before);
  assert.equal(connections.size, 1);
  assert.equal((await daemon.metrics()).get('process_start_time_seconds'), started);
  client.send(numberedRecord(1));
  assert.deepEqual(await client.replied(1), [{ ok: true }]);
  assert.doesNotMatch(daemon.log, new RegExp(plantedSecret));
  assert.doesNotMatch(daemon.log, /internal error|admin request failed/);
  const memory = (await daemon.metrics()).get('process_resident_memory_bytes')!;
  assert.ok(memory < 250 * 1024 * 1024, `${memory} bytes`);
  assert.equal(await daemon.stop(), 0);
});

test('500 half requests do not keep a good one waiting', async (t) => {
  const folder = temporaryDirectory(t);
  const token = 'a-token-of-good-length';
  const tcp = { address: '127.0.0.1:0', token_file: writeTokenFile(folder, token) };
  const socketPath = path.join(folder, 'admin.sock');
  const daemon = await DaemonProcess.start(t, folder, {
    admin: { path: socketPath, tcp },
    devices: { 'config/': fileDevice },
  });
  const port = Number(/admin address="?127\.0\.0\.1:(\d+)/.exec(daemon.log)![1]);
  let connected = 0;
  let open = 0;
  for (let each = 0; each < 500; each++) {
    const socket = each % 2 === 0 ? net.connect(port, '127.0.0.1') : net.connect(socketPath);
    socket.on('error', () => {});
    socket.once('connect', () => {
      connected++;
      open++;
      socket.once('close', () => open--);
      socket.write('PUT /v1/sys/audit/x HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ');
    });
    socket.resume();
    t.after(() => socket.destroy());
  }
  await waitFor('all are connected', () => connected === 500);
  const remote = { port, headers: { 'X-Vault-Token': token } };
  assert.equal((await callAdmin({ socketPath }, 'GET', '/v1/sys/audit')).status, 200);
  assert.equal((await callAdmin(remote, 'GET', '/v1/sys/audit')).status, 200);
  assert.ok(open > 0, 'they were answered before the half requests were given up');
});
