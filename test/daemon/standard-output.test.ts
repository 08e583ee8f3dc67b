import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { command } from '../support/daemon-process.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

test('the reader of standard output goes away: that device fails and the daemon goes on', async (t) => {
  const folder = temporaryDirectory(t);
  const config = path.join(folder, 'config.yaml');
  const socket = path.join(folder, 'ingest.sock');
  writeFileSync(
    config,
    JSON.stringify({
      state_dir: path.join(folder, 'state'),
      listeners: [{ path: socket }],
      admin: { path: path.join(folder, 'admin.sock') },
      metrics: { listen: path.join(folder, 'metrics.sock') },
      devices: {
        'file/': { type: 'file', options: { file_path: path.join(folder, 'audit.log') } },
        'out/': { type: 'file', options: { file_path: 'stdout' } },
      },
    }),
  );
  const child = spawn(process.execPath, [command, 'run', '--config', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  let lines = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines += text;
  });
  await waitFor('the daemon has started', () => log.includes(' started '));
  const client = await RecordClient.connect(t, socket);
  client.send(numberedRecord(1));
  await client.replied(1);
  await waitFor('the line is on standard output', () => lines.includes('record-00000001'));
  child.stdout.destroy();
  let sent = 1;
  await waitFor('the device fails', async () => {
    client.send(numberedRecord(++sent));
    await client.replied(sent);
    return /device failing.*out\//.test(log);
  });
  assert.ok(client.replies.every((reply) => reply.ok));
  assert.equal(child.exitCode, null);
});
