import assert from 'node:assert/strict';
import { linkSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeCertificate, opensslMissing } from '../../devices/peers/certificates.ts';
import { DaemonProcess } from '../../support/daemon-process.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { callAdmin } from '../admin/admin-client.ts';
import { writeTokenFile } from '../admin/in-process.ts';

test('a device of the API reaches no file of the daemon and none that a device reads, by whatever name', {
  skip: opensslMissing,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['logs', 'credentials', 'moved']) mkdirSync(at(name));
  const own = makeCertificate(folder, 'own', 'IP:127.0.0.1');
  const shown = makeCertificate(folder, 'shown', 'IP:127.0.0.1');
  writeTokenFile(folder);
  writeFileSync(at('salt'), '412bfd53-96d8-1dd0-d10e-3cf5bf3d9d63\n', { mode: 0o600 });
  writeFileSync(at('credentials/secret'), 'text', { mode: 0o600 });
  writeFileSync(at('header'), 'value', { mode: 0o600 });
  const tls = { tls_ca_cert: shown.certFile, tls_client_cert: shown.certFile, tls_client_key: shown.keyFile };
  const daemon = DaemonProcess.begin(
    t,
    folder,
    {
      admin: {
        path: at('admin.sock'),
        file_roots: [folder],
        tcp: {
          address: '127.0.0.1:0',
          token_file: at('tokens'),
          tls: { cert: own.certFile, key: own.keyFile },
        },
      },
      devices: {
        'file/': { type: 'file', salt_file: at('salt'), options: { file_path: at('logs/audit.log') } },
        'http/': {
          type: 'http',
          options: { uri: 'https://127.0.0.1:9/', headers: `{"X-A":["file://${at('header')}"]}`, ...tls },
        },
      },
    },
    { CREDENTIALS_DIRECTORY: at('credentials') },
  );
  await waitFor('the daemon has started', () => / started /.test(daemon.log));
  const enable = (options: Record<string, string>, type = 'file') =>
    callAdmin({ socketPath: at('admin.sock') }, 'PUT', '/v1/sys/audit/x', { type, options });

  const files = ['config.yaml', 'tokens', 'own.crt', 'own.key', 'shown.crt', 'shown.key', 'salt', 'header'];
  const below = ['state/table.json', 'state/salts/http%2f', 'credentials/secret'];
  // What is not there yet counts, too: a table comes with the first change.
  writeFileSync(at('state/other'), '');
  symlinkSync(at('state'), at('moved/state'));
  symlinkSync(at('state/table.json'), at('moved/table'));
  for (const [index, name] of [
    ...files,
    'state/other',
    'state/salts/http%2f',
    'credentials/secret',
  ].entries()) {
    symlinkSync(at(name), at(`moved/link-${index}`));
    linkSync(at(name), at(`moved/hard-${index}`));
  }
  const aliases = [...files, 'state/other', ...below.slice(1)].flatMap((_, index) => [
    `moved/link-${index}`,
    `moved/hard-${index}`,
  ]);
  const kept = [...files, 'state/salts/http%2f', 'credentials/secret'];
  const seen = (): unknown[] =>
    kept.map((name) => [
      name,
      readFileSync(at(name), 'utf8'),
      lstatSync(at(name)).mode,
      lstatSync(at(name)).size,
    ]);
  const before = seen();
  const sockets = ['ingest.sock', 'admin.sock', 'metrics.sock'];
  const deeper = [
    'state/deeper/x.log',
    'moved/state/x.log',
    'moved/table',
    'credentials/new.log',
    'state',
    'credentials',
  ];
  for (const name of [...files, ...below, ...aliases, ...sockets, ...deeper]) {
    const { status, text } = await enable({ file_path: at(name), mode: '0644' });
    assert.equal(status, 400, `${name}: ${text}`);
    assert.match(text, /Cannot enable device \\"x\/\\": file /, name);
  }
  assert.deepEqual(seen(), before);
  // Nor does it read there: it would show itself with the daemon's key.
  const peer = { address: '127.0.0.1:9', tls: 'true', tls_ca_cert: shown.certFile };
  for (const [certificate, key] of [
    ['own.crt', 'own.key'],
    ['shown.crt', 'credentials/secret'],
    ['state/other', 'shown.key'],
    ['shown.crt', 'moved/hard-3'],
    ['shown.crt', 'logs/audit.log'],
  ] as const) {
    const files = { tls_client_cert: at(certificate), tls_client_key: at(key) };
    const { status, text } = await enable({ ...peer, ...files, skip_test: 'true' }, 'socket');
    assert.equal(status, 400, `${certificate} ${key}: ${text}`);
    assert.match(text, /Cannot enable device \\"x\/\\": file /);
  }
  assert.equal((await enable({ file_path: at('logs/x.log') })).status, 204);
  assert.equal((await callAdmin({ socketPath: at('admin.sock') }, 'DELETE', '/v1/sys/audit/x')).status, 204);
  // What a device of the API reads is not written to by another.
  const files2 = { tls_client_cert: shown.certFile, tls_client_key: shown.keyFile };
  assert.equal((await enable({ ...peer, ...files2, skip_test: 'true' }, 'socket')).status, 204);
});
