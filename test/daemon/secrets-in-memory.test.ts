import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';
import { countInMemory } from '../support/process-memory.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

/** Calls the API of a daemon with a body sent in pieces; resolves with the status. */
function call(folder: string, target: string, pieces: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { socketPath: path.join(folder, 'admin.sock'), path: target, method: 'POST' },
      (response) => response.resume().on('end', () => resolve(response.statusCode!)),
    );
    request.on('error', reject);
    for (const piece of pieces) request.write(piece);
    request.end();
  });
}

test('neither the text of a salt nor that of a value to hash stays in the daemon’s memory', async (t) => {
  const folder = temporaryDirectory(t);
  const byHand = 'written-by-hand-5a1f33c0';
  writeFileSync(path.join(folder, 'salt'), `${byHand}\n`, { mode: 0o600 });
  const daemon = await DaemonProcess.start(t, folder, {
    devices: {
      'file/': { type: 'file', options: { file_path: 'FOLDER/audit.log' } },
      'by-hand/': {
        type: 'file',
        salt_file: 'FOLDER/salt',
        options: { file_path: 'FOLDER/by-hand.log' },
      },
    },
  });
  const inputs = ['short-input-77c1', `longer-${'input-'.repeat(20)}`, `longest-${'input+'.repeat(2000)}`];
  for (const input of inputs) {
    for (const device of ['file', 'by-hand']) {
      const half = input.length / 2;
      assert.equal(
        await call(folder, `/v1/sys/audit-hash/${device}`, [
          `{"input":"${input.slice(0, half)}`,
          `${input.slice(half)}"}`,
        ]),
        200,
      );
    }
    assert.equal(await call(folder, '/v1/sys/audit-hash/none', [JSON.stringify({ input })]), 400);
  }
  const made = readdirSync(path.join(folder, 'state/salts')).map(
    (name) =>
      (JSON.parse(readFileSync(path.join(folder, 'state/salts', name), 'utf8')) as { salt: string }).salt,
  );
  assert.equal(made.length, 1);
  const wanted = [...made, byHand, ...inputs];
  // Newer releases of Node copy what they read out of a block that they then free: sooner or later a later read falls
  // into it. What is kept, or was freed here without being wiped, stays.
  const filler = JSON.stringify({ input: 'x'.repeat(60_000) });
  await waitFor('none of them is in memory', async () => {
    assert.equal(await call(folder, '/v1/sys/audit-hash/none', [filler]), 400);
    // The name of the device shows that the memory was read.
    const [device, ...counts] = countInMemory(daemon.pid, ['by-hand/', ...wanted]);
    assert.ok(device! > 0);
    return counts.every((count) => count === 0);
  });
  // Found in the state directory this time, not made.
  assert.equal(await daemon.stop(), 0);
  await daemon.run();
  assert.deepEqual(countInMemory(daemon.pid, [...made, byHand]), [0, 0]);
});
