import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminTokens } from '../../../daemon/admin/authorization.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { callAdmin, exchangeBytes } from './admin-client.ts';
import { startAdmin, writeTokenFile } from './in-process.ts';

test('a token has 16 characters or more', async (t) => {
  const folder = temporaryDirectory(t);
  const shortest = 'exactly-16-chars';
  assert.equal(shortest.length, 16);
  const tokens = await AdminTokens.read(writeTokenFile(folder, shortest));
  assert.ok(tokens.allow({ 'x-vault-token': shortest }));
  await assert.rejects(
    AdminTokens.read(writeTokenFile(folder, shortest.slice(1))),
    /: the token on line 1 has fewer than 16 characters$/,
  );
});

test('a token file has 64 KiB, and no byte more', async (t) => {
  const folder = temporaryDirectory(t);
  const line = `${'t'.repeat(1023)}\n`;
  await AdminTokens.read(writeTokenFile(folder, line.repeat(64)));
  await assert.rejects(
    AdminTokens.read(writeTokenFile(folder, `${line.repeat(64)}\n`)),
    /: it is larger than 64 KiB$/,
  );
});

test('a body has a mebibyte, and no byte more', async (t) => {
  const { local, control } = await startAdmin(t);
  const body = (bytes: number): string => {
    const around = '{"type":"file","description":""}';
    return around.replace('""', `"${'d'.repeat(bytes - around.length)}"`);
  };
  assert.equal(body(1024 * 1024).length, 1024 * 1024);
  assert.equal((await callAdmin(local, 'POST', '/v1/sys/audit/x', body(1024 * 1024 + 1))).status, 413);
  assert.equal(control.table.size, 0);
  assert.equal((await callAdmin(local, 'POST', '/v1/sys/audit/x', body(1024 * 1024))).status, 204);
});

test('a body that is announced with more than eight mebibytes is not waited for', async (t) => {
  const { local } = await startAdmin(t);
  const announced =
    'POST /v1/sys/audit/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8388609\r\n\r\n';
  assert.match(await exchangeBytes(local.socketPath, announced), /^HTTP\/1\.1 413 /);
});

test('a device path has 256 bytes with its slash, a name of the policy 1024', async (t) => {
  const { local } = await startAdmin(t);
  const status = async (path: string, sent: unknown): Promise<number> =>
    (await callAdmin(local, 'POST', `/v1/sys/${path}`, sent)).status;
  assert.equal(await status(`audit/${'x'.repeat(255)}`, { type: 'file' }), 204);
  assert.equal(await status(`audit/${'x'.repeat(256)}`, { type: 'file' }), 400);
  // Two bytes each, three times as long in a URL.
  assert.equal(await status(`audit/${'%C3%A4'.repeat(128)}`, { type: 'file' }), 400);
  const keys = (length: number) => ({ audit_non_hmac_request_keys: ['k'.repeat(length)] });
  assert.equal(await status('mounts/secret/tune', keys(1024)), 204);
  assert.equal(await status('mounts/secret/tune', keys(1025)), 400);
  assert.equal(await status(`mounts/${'m'.repeat(1023)}/tune`, {}), 204);
  assert.equal(await status(`mounts/${'m'.repeat(1024)}/tune`, {}), 400);
  const headers = 'config/auditing/request-headers';
  assert.equal(await status(`${headers}/${'h'.repeat(1024)}`, {}), 204);
  assert.equal(await status(`${headers}/${'h'.repeat(1025)}`, {}), 400);
});

test('a call has 1000 options, or asks of 1000 paths, and no more', async (t) => {
  const { local, control } = await startAdmin(t);
  const options = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`o${index}`, 'x']));
  const enable = (given: unknown) =>
    callAdmin(local, 'POST', '/v1/sys/audit/x', { type: 'file', options: given });
  for (const more of [options(1001), Object.keys(options(15_000)).map((name) => `${name}=x`)]) {
    const refused = await enable(more);
    assert.equal(refused.status, 400);
    assert.deepEqual(refused.body.errors, ['Cannot use field "options": wanted at most 1000 entries']);
  }
  assert.equal((await enable(options(1000))).status, 204);
  assert.equal(Object.keys(control.table.get('x/')!.options).length, 1000);
  const ask = (count: number) =>
    callAdmin(local, 'POST', '/v1/sys/capabilities-self', { paths: Object.keys(options(count)) });
  assert.equal((await ask(1001)).status, 400);
  assert.equal((await ask(1000)).status, 200);
});
