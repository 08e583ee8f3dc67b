import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** A network of its own, whose settings can be changed. */
const ownNetwork = ['--net', '--map-root-user', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
const missing =
  spawnSync('unshare', [...ownNetwork, 'true'], { stdio: 'ignore' }).status === 0
    ? false
    : 'install util-linux and iproute2, on a system that allows user namespaces';

test('a socket that was connected to itself is a peer that is not there', { skip: missing }, () => {
  const child = fileURLToPath(new URL('self-connection-child.js', import.meta.url));
  const { stdout, stderr } = spawnSync('unshare', [...ownNetwork, process.execPath, child], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const nobody = 'Cannot connect to "127.0.0.1:40000": nobody listens there';
  assert.deepEqual(JSON.parse(stdout || 'null'), [nobody, nobody, 'open'], stderr);
});
