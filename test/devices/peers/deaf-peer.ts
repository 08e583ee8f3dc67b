import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';

/** Listens with hardly a backlog, and never accepts: its loop stands still. */
const program = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
  require('fs').writeSync(1, String(this.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
})`;

/** The address of a TCP listener whose backlog is full: a connect to it is neither accepted nor refused. */
export async function deafPeer(test: TestContext): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  test.after(() => child.kill('SIGKILL'));
  const [port] = (await once(child.stdout!, 'data')) as [Buffer];
  const place = { port: Number(port.toString()), host: '127.0.0.1' };
  const sockets = Array.from({ length: 8 }, () => net.connect(place).on('error', () => {}));
  test.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  // The system takes one more than was asked for.
  for (const socket of sockets.slice(0, 2)) if (socket.connecting) await once(socket, 'connect');
  return `${place.host}:${place.port}`;
}
