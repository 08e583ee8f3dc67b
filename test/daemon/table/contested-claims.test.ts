import assert from 'node:assert/strict';
import { linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, fileDevice } from '../../support/daemon-process.ts';
import { RecordClient } from '../../support/record-client.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { callAdmin } from '../admin/admin-client.ts';
import { HeldPeer, saltFiles, startWithAdmin } from './contested-daemon.ts';

test('a reload that declares what the API is enabling is refused, whether the path or the file, and says what to do', async (t) => {
  const peer = await HeldPeer.start(t);
  const { daemon, folder, call, reload, hash } = await startWithAdmin(t, { 'file/': fileDevice });
  const enabling = call('PUT', 'audit/x', peer.device);
  await waitFor('the device is being tried', () => peer.asked);
  const declared = { 'file/': fileDevice, 'x/': { type: 'file', options: { file_path: 'FOLDER/x.log' } } };
  const refused = await reload(declared);
  assert.match(refused, /not reloaded.*device \\?"x\/\\?".*being enabled through the API.*reload again/);
  peer.answer(200);
  assert.equal((await enabling).status, 204);
  assert.match(await reload(declared), /not reloaded.*disable that one first/);
  assert.equal(await daemon.stop(), 0);
  daemon.configure({ admin: { path: path.join(folder, 'admin.sock') }, devices: { 'file/': fileDevice } });
  await daemon.run();
  assert.match(await hash('x'), /^hmac/);
});

test('an enable that fails leaves the salt of a device alone that the configuration declares at its path later', async (t) => {
  const peer = await HeldPeer.start(t);
  const { daemon, folder, call, reload, hash } = await startWithAdmin(t, {});
  const enabling = call('PUT', 'audit/x', peer.device);
  await waitFor('the device is being tried', () => peer.asked);
  const declared = { 'x/': { type: 'file', options: { file_path: 'FOLDER/x.log' } } };
  const early = await reload(declared);
  peer.answer(413);
  assert.equal((await enabling).status, 400);
  if (early.includes('not reloaded')) assert.match(await reload(declared), / reloaded /);
  assert.deepEqual(saltFiles(folder), ['x%2f']);
  const before = await hash('x');
  await daemon.kill();
  await daemon.run();
  assert.equal(await hash('x'), before, 'the salt outlived the start');
});

test('a reload that wants the file of a device of the API is refused, and changes nothing', async (t) => {
  const { folder, enable, reload } = await startWithAdmin(t, {});
  assert.equal((await enable('a', 'a.log')).status, 204);
  assert.match(
    await reload({ 'b/': { type: 'file', options: { file_path: 'FOLDER/a.log' } } }),
    /not reloaded.*"b\/.*file .*a\.log.* of device \\?"a\/.*enabled through the API; disable that one first/,
  );
  assert.deepEqual(saltFiles(folder), ['a%2f']);
});

test('of several enables at once that want one file, by whatever name, one gets it', async (t) => {
  const { daemon, folder, enable, call } = await startWithAdmin(t, {});
  writeFileSync(path.join(folder, 'one.log'), '');
  symlinkSync('one.log', path.join(folder, 'link.log'));
  linkSync(path.join(folder, 'one.log'), path.join(folder, 'hard.log'));
  symlinkSync(folder, path.join(folder, 'here'));
  for (const files of [
    ['one.log', 'link.log', 'hard.log', 'here/one.log'],
    ['two.log', 'two.log.1'],
    ['three.log-20261127.gz', 'three.log'],
  ]) {
    const replies = await Promise.all(files.map((file, index) => enable(`d${index}`, file)));
    const kept = replies.filter(({ status }) => status === 204);
    assert.equal(kept.length, 1, replies.map(({ text }) => text).join('\n'));
    for (const reply of replies) {
      if (reply.status === 204) continue;
      assert.equal(reply.status, 400, reply.text);
      assert.match(reply.body.errors[0], /^Cannot enable device "d\d\/": .*of device "d\d\/"/);
    }
    const [path = ''] = Object.keys((await call('GET', 'audit')).body.data);
    assert.deepEqual(saltFiles(folder), [path.replace('/', '%2f')]);
    assert.equal((await call('DELETE', `audit/${path.slice(0, -1)}`)).status, 204);
  }
  assert.equal(await daemon.stop(), 0);
});

test('a path that is disabled and enabled at once has the salt it was enabled with', async (t) => {
  const { daemon, folder, enable, call, hash } = await startWithAdmin(t, {});
  for (let round = 0; round < 20; round++) {
    const again = [
      enable('x', 'x.log'),
      call('DELETE', 'audit/x'),
      enable('x', 'x.log'),
      enable('x', 'x.log'),
    ];
    await Promise.all(again);
    await enable('x', 'x.log');
    assert.deepEqual(Object.keys((await call('GET', 'audit')).body.data), ['x/']);
    assert.deepEqual(saltFiles(folder), ['x%2f'], 'the salt is there');
  }
  const before = await hash('x');
  await daemon.kill();
  await daemon.run();
  assert.equal(await hash('x'), before);
});

test('a reload spares the salt of a device that is being enabled', async (t) => {
  const peer = await HeldPeer.start(t);
  const { daemon, folder, call, reload, hash } = await startWithAdmin(t, {});
  const enabling = call('PUT', 'audit/x', peer.device);
  await waitFor('the device is being tried', () => peer.asked);
  assert.match(await reload({ 'file/': fileDevice }), / reloaded /);
  assert.deepEqual(saltFiles(folder), ['file%2f', 'x%2f']);
  peer.answer(200);
  assert.equal((await enabling).status, 204);
  const before = await hash('x');
  await daemon.kill();
  await daemon.run();
  assert.equal(await hash('x'), before);
});

test('what a reload forbids meanwhile is not enabled: the next start would be refused', async (t) => {
  const peer = await HeldPeer.start(t);
  const folder = temporaryDirectory(t);
  const socketPath = path.join(folder, 'admin.sock');
  const daemon = await DaemonProcess.start(t, folder, {
    admin: { path: socketPath, allow_prefix: true },
    devices: { 'file/': fileDevice },
  });
  const device = { ...peer.device, options: { ...peer.device.options, prefix: 'x' } };
  const enabling = callAdmin({ socketPath }, 'PUT', '/v1/sys/audit/x', device);
  await waitFor('the device is being tried', () => peer.asked);
  daemon.configure({ admin: { path: socketPath }, devices: { 'file/': fileDevice } });
  daemon.signal('SIGHUP');
  await waitFor('the reload is over', () => / reloaded /.test(daemon.log));
  peer.answer(200);
  const reply = await enabling;
  assert.equal(reply.status, 400);
  assert.match(reply.body.errors[0], /allow_prefix does not allow it/);
  assert.deepEqual(saltFiles(folder), ['file%2f']);
  await daemon.kill();
  await daemon.run();
});

test('a table that cannot be stored changes nothing: neither devices, nor salts, nor the policy', async (t) => {
  const { daemon, folder, call, enable, hash } = await startWithAdmin(t, {});
  assert.equal((await enable('x', 'x.log')).status, 204);
  const before = await hash('x');
  const table = path.join(folder, 'state/table.json');
  const stored = readFileSync(table);
  rmSync(table);
  mkdirSync(table);
  const client = await RecordClient.connect(t, daemon.socketPath);
  const record = JSON.stringify({ type: 'request', request: { id: '1', headers: { 'X-One': ['one'] } } });
  for (const refused of [
    await enable('y', 'y.log'),
    await call('DELETE', 'audit/x'),
    await call('PUT', 'config/auditing/request-headers/x-one', { hmac: false }),
    await call('POST', 'mounts/secret/tune', { audit_non_hmac_request_keys: 'cas' }),
  ]) {
    assert.equal(refused.status, 500, refused.text);
    assert.match(refused.body.errors[0], /^Cannot write state file ".*table\.json": /);
  }
  client.send(record);
  assert.deepEqual(await client.replied(1), [{ ok: true }]);
  assert.deepEqual(JSON.parse(daemon.lines('x.log').at(-1)!).request.headers, {});
  assert.equal(daemon.lines('y.log').length, 1, 'the test record, and nothing that came later');
  assert.deepEqual(Object.keys((await call('GET', 'audit')).body.data), ['x/']);
  assert.deepEqual((await call('GET', 'config/auditing/request-headers')).body.data, { headers: {} });
  assert.deepEqual(saltFiles(folder), ['x%2f']);
  rmSync(table, { recursive: true });
  writeFileSync(table, stored);
  await daemon.kill();
  await daemon.run();
  assert.equal(await hash('x'), before);
  assert.equal((await enable('y', 'y.log')).status, 204, 'what failed holds nothing');
});

test('a damaged table stops the start, and the salts of its devices stay', async (t) => {
  const { daemon, folder, enable, hash } = await startWithAdmin(t, {});
  assert.equal((await enable('x', 'x.log')).status, 204);
  const before = await hash('x');
  assert.equal(await daemon.stop(), 0);
  const table = path.join(folder, 'state/table.json');
  const good = readFileSync(table, 'utf8');
  for (const damaged of ['', good.slice(0, -9), good.replace('x.log', 'y.log'), good.replace(':1,', ':2,')]) {
    writeFileSync(table, damaged);
    await assert.rejects(daemon.run(), /Cannot read device table .*put back a copy/);
    assert.deepEqual(saltFiles(folder), ['x%2f']);
  }
  writeFileSync(table, good);
  await daemon.run();
  assert.equal(await hash('x'), before);
});

test('a reload that fails leaves every salt as it was, and none of its own', async (t) => {
  const { daemon, folder, reload, hash } = await startWithAdmin(t, { 'file/': fileDevice });
  const before = await hash('file');
  const failing = {
    'file/': { ...fileDevice, options: { ...fileDevice.options, prefix: 'x' } },
    'new/': { type: 'file', options: { file_path: 'FOLDER/new.log' } },
  };
  mkdirSync(path.join(folder, 'folder.log'));
  const bad = { type: 'file', options: { file_path: 'FOLDER/folder.log' } };
  assert.match(await reload({ ...failing, 'bad/': bad }), /not reloaded.*it is a directory/);
  assert.deepEqual(saltFiles(folder), ['file%2f']);
  assert.equal(await hash('file'), before);
  daemon.configure({ admin: { path: path.join(folder, 'admin.sock') }, devices: { 'file/': fileDevice } });
  await daemon.kill();
  await daemon.run();
  assert.equal(await hash('file'), before);
});

test('a configuration that wants the file of a device of the API is refused at the start, with the way out', async (t) => {
  const { daemon, folder, enable, call } = await startWithAdmin(t, {});
  assert.equal((await enable('a', 'a.log')).status, 204);
  assert.equal(await daemon.stop(), 0);
  const admin = { path: path.join(folder, 'admin.sock'), file_roots: [folder] };
  linkSync(path.join(folder, 'a.log'), path.join(folder, 'hard.log'));
  daemon.configure({ admin, devices: { 'b/': { type: 'file', options: { file_path: 'FOLDER/hard.log' } } } });
  await assert.rejects(
    daemon.run(),
    /Cannot declare device \\?"b\/\\?" in the configuration file: file .*hard\.log.* of device \\?"a\/\\?", which was enabled through the API; disable that one first/,
  );
  daemon.configure({
    admin: { ...admin, tcp: { address: '127.0.0.1:0', token_file: 'FOLDER/a.log' } },
    devices: {},
  });
  await assert.rejects(
    daemon.run(),
    /Cannot use device \\?"a\/\\?", .*is the token file; change the configuration/,
  );
  assert.deepEqual(saltFiles(folder), ['a%2f']);

  // Nobody but the API can end this one, so the daemon has to be there.
  daemon.configure({ admin, devices: {} });
  await daemon.run();
  assert.equal((await enable('c', 'c.log')).status, 204);
  await daemon.stop();
  rmSync(path.join(folder, 'c.log'));
  symlinkSync('a.log', path.join(folder, 'c.log'));
  await daemon.run();
  assert.match(daemon.log, /devices collide .*c\.log/);
  assert.equal((await call('DELETE', 'audit/c')).status, 204);
});
