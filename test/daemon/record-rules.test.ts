import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { DaemonProcess, fileDevice } from '../support/daemon-process.ts';
import { projectRoot } from '../support/project-root.ts';
import { RecordClient } from '../support/record-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';

/** The first example under the heading in docs/configuration.md. */
function example(heading: string): { readonly records: readonly object[] } {
  const text = readFileSync(path.join(projectRoot, 'docs/configuration.md'), 'utf8');
  return parse(/```yaml\n([\s\S]*?)```/.exec(text.slice(text.indexOf(heading)))![1]!);
}

const health = '{"type":"request","request":{"id":"health","method":"GET","path":"/healthz?deep=1"}}';

function call(id: string, request: object, around: object = {}): string {
  return JSON.stringify({
    request: { id, ...request, data: { a: 1 } },
    response: { data: { b: 2 } },
    ...around,
  });
}

/** What stands in the log: for each record its id, and which data it has. */
function logged(daemon: DaemonProcess): string[] {
  return daemon.lines('audit.log').map((line) => {
    const { request, response } = JSON.parse(line) as {
      request: { id: string; data?: object };
      response?: { data?: object };
    };
    return [request.id, request.data && 'request', response?.data && 'response'].filter(Boolean).join(' ');
  });
}

/** More than the event loop scans itself. */
const large = 'x'.repeat(3_000_000);

test('the example of the documentation: probes are answered ok and not logged, and reads without their data', async (t) => {
  const folder = temporaryDirectory(t);
  const daemon = await DaemonProcess.start(t, folder, {
    listeners: [{ path: 'FOLDER/ingest.sock' }, { path: 'FOLDER/silent.sock', replies: 'none' }],
    devices: { 'file/': fileDevice },
    ...example('### `records`'),
  });
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(
    health,
    call('read', { operation: 'read', path: '/catalog/4711' }),
    call('hidden', { method: 'GET', path: '/health/../orders' }),
    call('list', { operation: 'list', path: '/orders' }, { outcome: 'success' }),
    call('failed', { operation: 'list', path: '/orders' }, { outcome: 'failure' }),
    call('large read', { operation: 'read', path: '/catalog/4712' }, { x: large }),
    health.replace('}}', `},"x":"${large}"}`),
    call('order', { operation: 'create', path: '/orders' }),
  );
  assert.deepEqual(
    await client.replied(8),
    Array.from({ length: 8 }, () => ({ ok: true })),
  );
  const silent = await RecordClient.connect(t, path.join(folder, 'silent.sock'));
  silent.send(health, call('silent', { operation: 'create', path: '/orders' }));
  await waitFor('the last record is logged', () => logged(daemon).length === 7);
  assert.deepEqual(logged(daemon), [
    'read',
    'hidden request response',
    'list request',
    'failed request response',
    'large read',
    'order request response',
    'silent request response',
  ]);
  const metrics = await daemon.metrics();
  const counted = ['none', 'metadata', 'request', 'full'].map((level) =>
    metrics.get(`audit_sidecar_records_by_level_total{level="${level}"}`),
  );
  assert.deepEqual(counted, [3, 2, 1, 4]);
  assert.equal(metrics.get('audit_sidecar_records_unaudited_total'), 0);
  assert.equal(metrics.get('audit_sidecar_replies_total{outcome="ok"}'), 10);
});

test('a reload changes the rules, and start and reload tell of a rule that never applies', async (t) => {
  const settings = { devices: { 'file/': fileDevice } };
  const never = 'this rule never applies: records[0] comes before it and fits every record';
  const daemon = await DaemonProcess.start(t, temporaryDirectory(t), {
    ...settings,
    records: [{ level: 'full' }, { match: { path: '/health*' }, level: 'none' }],
  });
  assert.ok(daemon.log.includes(never));
  const client = await RecordClient.connect(t, daemon.socketPath);
  client.send(health);
  await client.replied(1);
  const before = daemon.log.length;
  daemon.configure({ ...settings, records: [{ level: 'none' }, { level: 'full' }] });
  daemon.signal('SIGHUP');
  await waitFor('the reload is over', () => /reloaded/.test(daemon.log.slice(before)));
  assert.ok(daemon.log.slice(before).includes(never));
  client.send(health);
  await client.replied(2);
  assert.deepEqual(logged(daemon), ['health']);
});
