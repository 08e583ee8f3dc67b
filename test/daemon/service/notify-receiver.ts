import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

const python = spawnSync('python3', ['-c', '']).status === 0;

/** Why tests with a receiver are skipped; `false` when they are not. */
export const needsPython: string | false = python
  ? false
  : 'needs python3 as the receiver of datagrams: apt-get install python3';

export interface Receiver {
  readonly child: ChildProcess;
  /** Notifications received, each with its lines joined by `|`. */
  readonly received: string[];
}

/** A process that receives datagrams at `address` as the service manager does; it reads nothing before `go`. */
export async function receiver(t: TestContext, address: string, paused = false): Promise<Receiver> {
  const script = `
import socket, sys
address = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('\\0' + address[1:] if address[0] == '@' else address)
print('bound', flush=True)
if sys.argv[2] == 'paused': sys.stdin.readline()
while True: print(s.recv(65536).decode().replace('\\n', '|'), flush=True)
`;
  const child = spawn('python3', ['-c', script, address, paused ? 'paused' : 'reading'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const received: string[] = [];
  const lines = createInterface(child.stdout);
  const [first] = await once(lines, 'line');
  assert.equal(first, 'bound');
  lines.on('line', (line) => received.push(line));
  return { child, received };
}
