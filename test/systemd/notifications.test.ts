import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { command } from '../support/daemon-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const python = spawnSync('python3', ['-c', '']).status === 0;
const receiver = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True: print(s.recv(65536).decode().replace('\\n', '|'), flush=True)
`;

test('the daemon tells its manager when it is ready, alive, reloading and stopping', {
  skip: python ? false : 'needs python3 as the receiver of datagrams: apt-get install python3',
}, async (t) => {
  const folder = temporaryDirectory(t);
  const address = path.join(folder, 'notify');
  const manager = spawn('python3', ['-c', receiver, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => manager.kill('SIGKILL'));
  const received: string[] = [];
  const lines = createInterface(manager.stdout);
  await once(lines, 'line');
  lines.on('line', (line) => received.push(line));
  const came = (start: string, times = 1): (() => boolean) => {
    return () => received.filter((text) => text.startsWith(start)).length >= times;
  };

  const socketPath = path.join(folder, 'ingest.sock');
  const config = {
    state_dir: path.join(folder, 'state'),
    listeners: [{ path: socketPath }],
    admin: { path: path.join(folder, 'admin.sock') },
    metrics: { listen: null },
    devices: { 'file/': { type: 'file', options: { file_path: path.join(folder, 'audit.log') } } },
  };
  const configFile = path.join(folder, 'config.yaml');
  writeFileSync(configFile, JSON.stringify(config));
  const daemon = spawn(process.execPath, [command, 'run', '--config', configFile], {
    stdio: 'ignore',
    env: { ...process.env, NOTIFY_SOCKET: address, WATCHDOG_USEC: '200000' },
  });
  t.after(() => daemon.kill('SIGKILL'));
  const ended = once(daemon, 'exit');

  await waitFor('READY', came('READY=1|STATUS='));
  const client = net.connect(socketPath);
  await once(client, 'connect');
  client.destroy();
  await waitFor('the watchdog is fed', came('WATCHDOG=1', 3));

  daemon.kill('SIGHUP');
  await waitFor('READY after the reload', came('READY=1', 2));
  const reloading = received.findIndex((text) => /^RELOADING=1\|MONOTONIC_USEC=[0-9]+$/.test(text));
  assert.ok(reloading > 0 && reloading < received.findLastIndex((text) => text.startsWith('READY=1')));

  daemon.kill('SIGTERM');
  await waitFor('STOPPING', came('STOPPING=1'));
  assert.deepEqual(await ended, [0, null]);
});
