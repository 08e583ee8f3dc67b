import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';
import { projectRoot } from '../support/project-root.ts';
import { RecordClient } from '../support/record-client.ts';
import { numberedRecord, recordNumbers } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

// Debian has it in /usr/sbin, which is not on everybody's path.
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
const present = spawnSync('logrotate', ['--version'], { env }).status === 0;
const skip = present ? false : 'needs logrotate: apt-get install logrotate';

/** The file as installed, for another folder and the user who runs the tests; `follow` takes the place of the reload. */
function installed(t: TestContext, logs: string, follow: string): { file: string; state: string } {
  const text = readFileSync(path.join(projectRoot, 'systemd/audit-sidecar.logrotate'), 'utf8');
  const reload = /postrotate\n.*endscript/s.exec(text)?.[0] ?? '';
  assert.ok(reload.includes('systemctl reload audit-sidecar.service'));
  const folder = temporaryDirectory(t);
  const file = path.join(folder, 'logrotate');
  const user = spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim();
  const group = spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim();
  const adapted = text
    .replace('/var/log/audit-sidecar/', `${logs}/`)
    .replace(/su audit-sidecar audit-sidecar/, `su ${user} ${group}`)
    // Names by the second would collide: the test rotates several times in one.
    .replace(/^\tdate(ext|format.*)\n/gm, '')
    .replace(reload, `postrotate\n${follow}\nendscript`);
  writeFileSync(file, adapted, { mode: 0o644 });
  return { file, state: path.join(folder, 'status') };
}

test('logrotate accepts the file', { skip }, (t) => {
  const { file, state } = installed(t, temporaryDirectory(t), 'true');
  const checked = spawnSync('logrotate', ['-d', '-s', state, file], { env, encoding: 'utf8' });
  assert.equal(checked.status, 0);
  assert.doesNotMatch(checked.stderr, /^error/m);
  assert.match(checked.stderr, /rotating pattern: .*\*\.log/);
});

test('a rotation while records come in loses none and tears none', { skip }, async (t) => {
  const folder = temporaryDirectory(t);
  const logs = path.join(folder, 'logs');
  mkdirSync(logs);
  chmodSync(logs, 0o750);
  const device = { type: 'file', options: { file_path: 'FOLDER/logs/audit.log', mode: '0640' } };
  const daemon = await DaemonProcess.start(t, folder, { devices: { 'file/': device } });
  const client = await RecordClient.connect(t, daemon.socketPath);
  const { file, state } = installed(t, logs, `kill -HUP ${daemon.pid}`);

  const count = 600;
  for (let number = 0; number < count; number++) {
    client.send(numberedRecord(number));
    if (number % 200 !== 100) continue;
    await client.replied(number + 1);
    const before = statSync(path.join(logs, 'audit.log')).ino;
    const rotated = spawnSync('logrotate', ['-f', '-s', state, file], { env, encoding: 'utf8' });
    assert.equal(rotated.status, 0, rotated.stderr);
    for (let more = 1; more <= 20; more++) client.send(numberedRecord(++number));
    await waitFor('the daemon has made a new file', () => {
      try {
        return statSync(path.join(logs, 'audit.log')).ino !== before;
      } catch {
        return false;
      }
    });
  }
  const replies = await client.replied(count);
  assert.ok(replies.every((reply) => reply.ok));

  const found: number[] = [];
  for (const name of readdirSync(logs)) {
    const lines = name.endsWith('.gz')
      ? spawnSync('zcat', [path.join(logs, name)], { encoding: 'utf8' })
          .stdout.split('\n')
          .slice(0, -1)
      : daemon.lines(`logs/${name}`);
    for (const line of lines) JSON.parse(line);
    found.push(...recordNumbers(lines));
  }
  assert.ok(readdirSync(logs).length >= 2);
  assert.deepEqual(
    found.sort((a, b) => a - b),
    Array.from({ length: count }, (_, number) => number),
  );
  assert.equal(statSync(path.join(logs, 'audit.log')).mode & 0o777, 0o640);
});
