import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { ListenRefused } from '../../../daemon/http/http-server.ts';
import { makeCertificate, opensslMissing } from '../../devices/peers/certificates.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { callAdmin, exchangeBytes } from './admin-client.ts';
import { startAdmin, token, writeTokenFile } from './in-process.ts';

const loopback = { host: '127.0.0.1', port: 0 };

/** TCP with the tokens in `text`. */
const tcp =
  (text = token) =>
  (folder: string) => ({ address: loopback, tokenFile: writeTokenFile(folder, text), tls: null });

test('whoever may open the UNIX socket may call, with any token or none', async (t) => {
  const { local, config } = await startAdmin(t);
  assert.equal(statSync(config.path).mode & 0o777, 0o600);
  assert.equal((await callAdmin(local, 'GET', '/v1/sys/audit')).status, 200);
  const stranger = { ...local, headers: { 'X-Vault-Token': 's.anything' } };
  assert.equal((await callAdmin(stranger, 'GET', '/v1/sys/audit')).status, 200);
});

test('over TCP every call needs one of the tokens', async (t) => {
  const other = 'another-token-of-length';
  const admin = await startAdmin(t, tcp(`# rotated on Monday\n\n  ${other}\r\n${token}\n`));
  const { port } = admin.remote();
  const denied = [
    {},
    { 'X-Vault-Token': '' },
    { 'X-Vault-Token': token.slice(0, -1) },
    { 'X-Vault-Token': `${token} x` },
    { 'X-Vault-Token': token.toUpperCase() },
    { 'X-Vault-Token': '# rotated on Monday' },
    { 'X-Vault-Token': [token, other] },
    { Authorization: token },
    { Authorization: `Basic ${token}` },
    { 'X-Vault-Token': 'wrong-token-of-length', Authorization: `Bearer ${token}` },
  ];
  for (const headers of denied) {
    for (const [method, target] of [
      ['GET', '/v1/sys/audit'],
      ['POST', '/v1/sys/audit/x'],
      ['GET', '/nothing'],
      ['GET', '/metrics'],
      ['PUT', '/v1/sys/health'],
    ] as const) {
      const reply = await callAdmin({ port, headers }, method, target);
      assert.equal(reply.status, 403, `${method} ${target} ${JSON.stringify(headers)}`);
      assert.equal(reply.text, '{"errors":["permission denied"]}\n');
    }
  }
  assert.equal(admin.control.table.size, 0);
  const allowed = [
    { 'X-Vault-Token': token },
    { 'x-vault-token': other },
    { Authorization: `Bearer ${token}` },
  ];
  for (const [index, headers] of allowed.entries()) {
    assert.equal((await callAdmin({ port, headers }, 'POST', `/v1/sys/audit/${index}`, {})).status, 204);
  }
  assert.doesNotMatch(admin.log.join(''), new RegExp(`${token}|${other}`));
});

test('LIST needs a token over TCP as well', async (t) => {
  const admin = await startAdmin(t, tcp());
  const list = (header: string) =>
    exchangeBytes(admin.remote().port, `LIST /v1/sys/audit HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`);
  for (const header of [`X-Vault-Token: ${token}`, `authorization:Bearer ${token} `]) {
    assert.match(await list(header), /^HTTP\/1\.1 404 .*unsupported path/s);
  }
  for (const header of [
    'X-Other: x',
    'X-Vault-Token: wrong-token-of-length',
    `X-Other: x\r\n\r\nX-Vault-Token: ${token}`,
  ]) {
    assert.match(await list(header), /^HTTP\/1\.1 403 .*permission denied/s);
  }
});

test('a caller without a token is refused before its body is read', async (t) => {
  const admin = await startAdmin(t, tcp());
  const socket = net.connect(admin.remote().port, '127.0.0.1');
  t.after(() => socket.destroy());
  let text = '';
  socket.on('data', (part: Buffer) => {
    text += part.toString();
  });
  socket.on('error', () => {});
  socket.write('POST /v1/sys/audit/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n');
  await once(socket, 'close');
  assert.match(text, /^HTTP\/1\.1 403 /);
});

test('a reload takes new tokens, and one that fails leaves those in force', async (t) => {
  const admin = await startAdmin(t, tcp());
  const status = async (shown: string): Promise<number> =>
    (await callAdmin(admin.remote(shown), 'GET', '/v1/sys/audit')).status;
  const { port } = admin.remote();
  const next = 'the-next-token-12345';
  writeTokenFile(admin.folder, `${token}\n${next}\n`);
  assert.deepEqual([await status(token), await status(next)], [200, 403]);
  await admin.reload({});
  assert.deepEqual([await status(token), await status(next)], [200, 200]);
  writeTokenFile(admin.folder, 'short\n');
  await assert.rejects(admin.reload({}), ListenRefused);
  assert.deepEqual([await status(token), await status(next)], [200, 200]);
  writeTokenFile(admin.folder, `${next}\n`);
  await admin.reload({});
  assert.deepEqual([await status(token), await status(next)], [403, 200]);
  assert.equal(admin.remote().port, port);
});

test('a token file that is open to others, empty or malformed is refused by name and line', async (t) => {
  const admin = await startAdmin(t);
  const file = writeTokenFile(admin.folder);
  const refused = async (message: RegExp, tokenFile = file): Promise<void> => {
    const config = { ...admin.config, tcp: { address: loopback, tokenFile, tls: null } };
    await assert.rejects(admin.server.prepare(config), (error: unknown) => {
      assert.ok(error instanceof ListenRefused);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  };
  for (const [text, detail] of [
    ['', 'it has no token'],
    ['\n# nothing\n', 'it has no token'],
    [`${token}\ns.secret\n`, 'the token on line 2 has fewer than 16 characters'],
    ['a secret with blanks in it', 'line 1 has other characters than visible ASCII'],
    [`${'secret'.repeat(20_000)}`, 'it is larger than 64 KiB'],
  ] as const) {
    writeTokenFile(admin.folder, text);
    await refused(new RegExp(`^Cannot use token file "${file}": ${detail}$`));
  }
  writeTokenFile(admin.folder);
  for (const mode of [0o644, 0o660, 0o606]) {
    chmodSync(file, mode);
    await refused(new RegExp(`": mode 0${mode.toString(8)} gives it to others; run chmod 0640 on it$`));
  }
  await refused(
    /^Cannot read token file ".*absent": no such file or directory$/,
    path.join(admin.folder, 'absent'),
  );
  const folder = path.join(admin.folder, 'folder');
  mkdirSync(folder);
  await refused(/^Cannot use token file ".*folder": it is a directory$/, folder);
});

test('a certificate makes it HTTPS, and a reload renews it', { skip: opensslMissing }, async (t) => {
  const folder = temporaryDirectory(t);
  const first = makeCertificate(folder, 'first', 'IP:127.0.0.1');
  const second = makeCertificate(folder, 'second', 'IP:127.0.0.1');
  const files = { cert: path.join(folder, 'server.crt'), key: path.join(folder, 'server.key') };
  const install = ({ cert, key }: { cert: string; key: string }): void => {
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key, { mode: 0o600 });
  };
  install(first);
  const tokenFile = writeTokenFile(folder);
  const admin = await startAdmin(t, () => ({ address: loopback, tokenFile, tls: files }));
  const list = (ca: string) => callAdmin({ ...admin.remote(token), ca }, 'GET', '/v1/sys/audit');
  assert.equal((await list(first.cert)).status, 200);
  await assert.rejects(list(second.cert));
  await assert.rejects(callAdmin(admin.remote(token), 'GET', '/v1/sys/audit'));
  install(second);
  await admin.reload({});
  assert.equal((await list(second.cert)).status, 200);

  const refused = async (message: RegExp): Promise<void> => {
    await assert.rejects(admin.reload({}), (error: unknown) => {
      assert.ok(error instanceof ListenRefused);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /PRIVATE|BEGIN/);
      return true;
    });
  };
  install({ cert: first.cert, key: second.key });
  await refused(/: they do not belong together$/);
  install({ cert: 'nonsense', key: second.key });
  await refused(/^Cannot use TLS certificate file ".*server\.crt": it holds no certificate in PEM$/);
  install({ cert: second.cert, key: second.cert });
  await refused(
    /^Cannot use TLS key file ".*server\.key": it holds no private key that OpenSSL can read, in PEM$/,
  );
  install(second);
  chmodSync(files.key, 0o644);
  await refused(/^Cannot use TLS key file ".*": mode 0644 gives it to others/);
  chmodSync(files.key, 0o600);
  await assert.rejects(
    admin.reload({ tcp: { address: loopback, tokenFile, tls: null } }),
    /TLS cannot be turned on or off there while the daemon runs; restart it$/,
  );
  assert.equal((await list(second.cert)).status, 200);
});

test('a reload moves the socket and changes its mode, and turns TCP on and off', async (t) => {
  const admin = await startAdmin(t);
  const status = async (socketPath: string): Promise<number> =>
    (await callAdmin({ socketPath }, 'GET', '/v1/sys/audit')).status;
  await admin.reload({ mode: 0o660 });
  assert.equal(statSync(admin.config.path).mode & 0o777, 0o660);
  assert.equal(await status(admin.config.path), 200);
  const moved = path.join(admin.folder, 'moved.sock');
  await admin.reload({ path: moved });
  assert.equal(await status(moved), 200);
  assert.equal(existsSync(admin.config.path), false);
  assert.equal(admin.server.tcpAddress, null);
  const tcpOn = { address: loopback, tokenFile: writeTokenFile(admin.folder), tls: null };
  await admin.reload({ path: moved, tcp: tcpOn });
  const { port } = admin.remote();
  assert.equal((await callAdmin(admin.remote(token), 'GET', '/v1/sys/audit')).status, 200);
  await admin.reload({ path: moved });
  await assert.rejects(callAdmin({ port }, 'GET', '/v1/sys/audit'), /ECONNREFUSED/);
});

test('a place that cannot be had leaves everything as it was', async (t) => {
  const admin = await startAdmin(t);
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as net.AddressInfo;
  const moved = path.join(admin.folder, 'moved.sock');
  const address = { host: '127.0.0.1', port };
  const tokenFile = writeTokenFile(admin.folder);
  await assert.rejects(
    admin.reload({ path: moved, tcp: { address, tokenFile, tls: null } }),
    /^ListenRefused: Cannot listen on "127\.0\.0\.1:\d+": address already in use; .*"admin\.tcp\.address"$/,
  );
  assert.equal(existsSync(moved), false);
  const prepared = await admin.server.prepare({ ...admin.config, path: moved });
  await admin.server.abandon(prepared);
  assert.equal(existsSync(moved), false);
  assert.equal((await callAdmin(admin.local, 'GET', '/v1/sys/audit')).status, 200);
});

test('half requests are given up in time', async (t) => {
  const admin = await startAdmin(t, tcp(), 200);
  const { port } = admin.remote();
  const half = 'PUT /v1/sys/audit/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{';
  const given = await Promise.all([
    exchangeBytes(admin.local.socketPath, 'GET /v1/sys/audit HTTP/1.1\r\nHost'),
    exchangeBytes(admin.local.socketPath, half),
    exchangeBytes(port, ''),
  ]);
  for (const answer of given) {
    assert.match(answer, /^HTTP\/1\.1 408 .*\{"errors":\["the request did not arrive in time"\]\}\n$/s);
  }
  assert.equal(admin.control.table.size, 0);
});
