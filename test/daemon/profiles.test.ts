import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';
import { projectRoot } from '../support/project-root.ts';
import { RecordClient } from '../support/record-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const shop = readFileSync(path.join(projectRoot, 'test/corpus/shop.ndjson'), 'utf8').trimEnd().split('\n');

function fileWith(name: string, options: object = {}): object {
  return { type: 'file', options: { file_path: `FOLDER/${name}`, write_timeout: '10m', ...options } };
}

const devices = { 'file/': fileWith('audit.log'), 'open/': fileWith('open.log', { hash_numbers: false }) };
const audited_headers = { 'x-request-id': { hmac: false } };
const missing = spawnSync('jq', ['--version']).status === 0 ? false : 'install jq';

test('a shop with the profile api: jq finds who did what to which order, nobody finds a secret', {
  skip: missing,
}, async (t) => {
  const configuration = { profile: 'api', devices, audited_headers };
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), configuration);
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(shop.join('\n'));
  // Too large for the event loop: it is made in a thread.
  const long = 'v'.repeat(2 * 1024 * 1024);
  client.send(`{"type":"request","request":{"id":"large","path":"/a?b=S-${long}","data":{"pin":4321}}}`);
  await client.replied(shop.length + 1);
  const program =
    '[.auth.user_id, .request.operation, .resource.type, .resource.id, .response.status] | @tsv';
  const rows = execFileSync('jq', ['-r', program, path.join(daemon.folder, 'audit.log')], {
    encoding: 'utf8',
  });
  assert.deepEqual(rows.split('\n').slice(0, 2), [
    'R-u-17\tcreate\torder\tR-ord-991\t',
    'R-u-17\tcreate\torder\tR-ord-991\t201',
  ]);
  assert.ok(rows.includes('R-u-18\tdelete\torder\tR-ord-991\t403'));
  const lines = daemon.lines('audit.log');
  assert.equal(lines.length, shop.length + 1);
  for (const line of lines) assert.doesNotMatch(line, /S-|4111111111111111|:1234\b|:1050\b|4321/);
  assert.ok(lines.at(-1)!.length < 1000);
  const open = daemon.lines('open.log').join('\n');
  assert.doesNotMatch(open, /S-/);
  assert.match(open, /"pin":1234.*"balance":1050.*"pin":4321/s);
});

test('a reload changes the profile for the next record, and lines of the daemon itself stay readable', async (t) => {
  const listeners = [{ path: 'FOLDER/ingest.sock' }, { path: 'FOLDER/silent.sock', replies: 'none' }];
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), { devices, listeners });
  const client = await RecordClient.connect(t, daemon.socketPath);
  const record = '{"time":"","request":{"path":"/a?b=c","route":"/a","data":{"n":5}}}';
  client.send(record);
  await client.replied(1);
  daemon.configure({ profile: 'api', devices, listeners });
  const before = daemon.log.length;
  daemon.signal('SIGHUP');
  await waitFor('the profile is another one', () => / reloaded/.test(daemon.log.slice(before)));
  client.send(record);
  await client.replied(2);
  const silent = await RecordClient.connect(t, path.join(daemon.folder, 'silent.sock'));
  silent.socket.end('no record\n');
  await waitFor('the refusal is a line', () => daemon.lines('audit.log').length === 3);
  const hash = 'hmac-sha256:[0-9a-f]{64}';
  const [first, second, third] = daemon.lines('audit.log');
  assert.match(first!, new RegExp(`"path":"/a\\?b=c","route":"${hash}","data":{"n":5}`));
  assert.match(second!, new RegExp(`"path":"/a\\?b=${hash}","route":"/a","data":{"n":"${hash}"}`));
  const { type, code, bytes } = JSON.parse(third!) as Record<string, unknown>;
  assert.deepEqual([type, code, bytes], ['refused', 'invalid_record', 9]);
});
