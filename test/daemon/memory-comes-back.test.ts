import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { koffiMissing } from '../support/koffi.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const mebibyte = 1024 ** 2;
const clients = 4;
const heldEach = 25 * mebibyte;

function resident(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kibibytes) * 1024;
}

test('what clients have held comes back to the system when they are gone', {
  skip: koffiMissing,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, { devices: { 'file/': fileDevice } });
  const before = resident(daemon.pid);
  const half = Buffer.alloc(heldEach, '{"request":"');
  const sockets = await Promise.all(
    Array.from({ length: clients }, async () => {
      const socket = net.connect(path.join(folder, 'ingest.sock'));
      t.after(() => socket.destroy());
      await once(socket, 'connect');
      await new Promise((resolve) => socket.write(half, resolve));
      return socket;
    }),
  );
  await waitFor('it is held', () => resident(daemon.pid) > before + 0.9 * clients * heldEach);
  for (const socket of sockets) socket.destroy();
  await waitFor('it has come back', () => resident(daemon.pid) < before + 30 * mebibyte);
});
