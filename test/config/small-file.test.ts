import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { reasonOf } from '../../config/file-fault.ts';
import {
  readSmallFile,
  readSmallFileNotLink,
  readSmallFileSync,
  SmallFileRefused,
  type SmallFileRules,
} from '../../config/small-file.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const kibibyte: SmallFileRules = { maxBytes: 1024, secret: false };
const secret: SmallFileRules = { maxBytes: 1024, secret: true };

const readers = {
  readSmallFile,
  readSmallFileNotLink,
  readSmallFileSync: async (file: string, rules: SmallFileRules) => readSmallFileSync(file, rules),
};

for (const [name, read] of Object.entries(readers)) {
  const refusal = async (file: string, rules: SmallFileRules): Promise<string> => {
    let message = '';
    await assert.rejects(read(file, rules), (error) => {
      assert.ok(error instanceof SmallFileRefused, String(error));
      assert.equal(reasonOf(error), error.message);
      message = error.message;
      return true;
    });
    assert.doesNotMatch(message, /hidden/);
    return message;
  };

  test(`${name}: a file comes as it is, up to its bound and not a byte beyond`, async (t) => {
    const file = path.join(temporaryDirectory(t), 'file');
    for (const size of [0, 1, 1023, 1024]) {
      const bytes = Buffer.alloc(size, 'a\n');
      writeFileSync(file, bytes);
      chmodSync(file, 0o604);
      const found = await read(file, kibibyte);
      assert.deepEqual([found.bytes, found.mode], [bytes, 0o604]);
      // No buffer of the reader's with more in it is handed out.
      assert.ok(found.bytes.buffer.byteLength <= Math.max(size, Buffer.poolSize));
    }
    writeFileSync(file, Buffer.alloc(1025, 'hidden'));
    assert.equal(await refusal(file, kibibyte), 'it is larger than 1 KiB');
    writeFileSync(file, Buffer.alloc(2 * 1024 * 1024 + 1, 'hidden'));
    assert.equal(
      await refusal(file, { maxBytes: 2 * 1024 * 1024, secret: false }),
      'it is larger than 2 MiB',
    );
  });

  test(`${name}: the bound is for what is read, whatever size the system tells`, async () => {
    // In /proc every file has size 0.
    assert.deepEqual((await read('/proc/version', kibibyte)).bytes, readFileSync('/proc/version'));
    assert.equal(await refusal('/proc/kallsyms', kibibyte), 'it is larger than 1 KiB');
  });

  test(`${name}: what is no regular file is refused, and not waited for`, async (t) => {
    const folder = temporaryDirectory(t);
    const fifo = path.join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    assert.equal(await refusal(fifo, kibibyte), 'it is not a regular file');
    assert.equal(await refusal('/dev/zero', kibibyte), 'it is not a regular file');
    assert.equal(await refusal(folder, kibibyte), 'it is a directory');
    await assert.rejects(read(path.join(folder, 'none'), kibibyte), { code: 'ENOENT' });
  });

  test(`${name}: a secret that others can read, or its group can write, is refused`, async (t) => {
    const file = path.join(temporaryDirectory(t), 'file');
    writeFileSync(file, 'hidden');
    for (const mode of [0o600, 0o400, 0o640, 0o440, 0o740]) {
      chmodSync(file, mode);
      assert.equal((await read(file, secret)).bytes.toString(), 'hidden', mode.toString(8));
    }
    for (const bit of [0o020, 0o010, 0o004, 0o002, 0o001]) {
      chmodSync(file, 0o600 | bit);
      const mode = (0o600 | bit).toString(8);
      assert.equal(await refusal(file, secret), `mode 0${mode} gives it to others; run chmod 0640 on it`);
      assert.equal((await read(file, kibibyte)).mode, 0o600 | bit);
    }
  });

  test(`${name}: a link is ${name === 'readSmallFileNotLink' ? 'refused' : 'followed'}`, async (t) => {
    const folder = temporaryDirectory(t);
    writeFileSync(path.join(folder, 'file'), 'text');
    mkdirSync(path.join(folder, 'sub'));
    const link = path.join(folder, 'sub', 'link');
    symlinkSync('../file', link);
    if (name === 'readSmallFileNotLink') await assert.rejects(read(link, kibibyte), { code: 'ELOOP' });
    else assert.equal((await read(link, kibibyte)).bytes.toString(), 'text');
  });
}
